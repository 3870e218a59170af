"""Ask signers for more, and bring their answers back to the review queue."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import change_letter_unasked
from letters.models import ANSWER_WITHIN, Letter, RejectionAppeal, ReviewClaim, SignerQuestion, User
from letters.moderator.moderation.operations.begin import UNSEEN, Seen, Verb
from letters.moderator.moderation.operations.deciding import set_aside
from letters.moderator.moderation.operations.telling import tell_signers


@transaction.atomic
def ask_signers(letter: Letter, ids: Collection[int], *, by: User, now: datetime, seen: Seen = UNSEEN) -> int:
    """Ask for a link to a public profile that names the letter. Returns how many were asked.

    A signature leaves the queue until the answer arrives or ANSWER_WITHIN is over. A published one leaves the public
    list, too, as if it was put on hold. A signature whose signer appeals is left alone: the appeal needs a decision.
    """
    appealed = RejectionAppeal.objects.waiting().filter(signature__in=ids).values_list("signature_id", flat=True)
    change, decisions = set_aside(
        letter, {*ids}.difference(appealed), Verb.ASK, ANSWER_WITHIN, by=by, now=now, seen=seen
    )
    SignerQuestion.objects.bulk_create(
        SignerQuestion(decision=each, signature_id=each.signature_id, asked_at=now, until=now + ANSWER_WITHIN)
        for each in decisions
    )
    tell_signers(change, decisions)
    return len(decisions)


def queue_answers(*, now: datetime) -> int:
    """Bring signatures whose signers answered on an earlier day back to the review queue. Returns how many."""
    due = SignerQuestion.objects.filter(queued_at=None, reaches_at__lte=now)
    letters = due.order_by("signature__letter_id").values_list("signature__letter_id", flat=True).distinct()
    return sum(_queue_of(letter_id, now) for letter_id in list(letters))


@transaction.atomic
def _queue_of(letter_id: int, now: datetime) -> int:
    change = change_letter_unasked(Letter.objects.select_related("collective").get(pk=letter_id), by="signer", now=now)
    due = SignerQuestion.objects.filter(queued_at=None, reaches_at__lte=now, signature__letter=change.letter)
    ids = list(due.order_by("pk").values_list("signature_id", flat=True))
    due.update(queued_at=now)
    ReviewClaim.objects.filter(signature__in=ids, is_on_hold=True).delete()
    # Privacy: recorded with the day's batch, so that no record has the time of the answer.
    change.record_signatures("answer_question", ids)
    return len(ids)
