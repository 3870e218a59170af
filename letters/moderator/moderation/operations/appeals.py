"""Let another moderator decide on a signer's appeal, and put appeals into the review queue.

An appeal is settled by the next decision about the signature: accepting restores it, rejecting keeps the rejection.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import LetterChange, change_letter_unasked
from letters.models import Letter, RejectionAppeal, ReviewDecision, Signature, State, User
from letters.shared.refused import Refusal, Refused

Outcome = RejectionAppeal.Outcome


def appeals_to_settle(ids: Collection[int], by: User) -> Sequence[RejectionAppeal]:
    """Return the appeals about these signatures that wait. The caller has locked the letter.

    Raises Refused("another_decides") if one is about a rejection by this person.
    """
    waiting = list(RejectionAppeal.objects.waiting().filter(signature__in=ids))
    if any(each.is_barred_to(by) for each in waiting):
        raise Refused(Refusal.ANOTHER_DECIDES)
    return waiting


def settle_appeals(appeals: Sequence[RejectionAppeal], outcome: Outcome, by: User) -> None:
    """Note that the newest decisions about the signatures are those on the appeals."""
    of = [each.signature_id for each in appeals]
    made = ReviewDecision.objects.filter(signature__in=of).order_by("signature_id", "-pk").distinct("signature_id")
    settlements = {each.signature_id: each for each in made}
    for appeal in appeals:
        appeal.outcome, appeal.settlement, appeal.settled_by = outcome, settlements[appeal.signature_id], by
        appeal.save(update_fields=["outcome", "settlement", "settled_by"])


def reopen_appeal(decision: ReviewDecision, by: User) -> None:
    """Let the appeal wait again that a decision settled, if it did. The caller undoes the decision.

    Raises Refused("another_decides") if the appeal is about a rejection by this person.
    """
    appeal = RejectionAppeal.objects.filter(settlement=decision).first()
    if appeal is None:
        return
    if appeal.is_barred_to(by):
        raise Refused(Refusal.ANOTHER_DECIDES)
    RejectionAppeal.objects.filter(pk=appeal.pk).update(outcome=Outcome.OPEN, settlement=None, settled_by=None)


def queue_appeals(*, now: datetime) -> int:
    """Put the appeals of earlier days into the review queue. Returns how many.

    An appeal whose decision was undone since is deleted, because the signer has got what it asks for.
    """
    due = RejectionAppeal.objects.filter(queued_at=None, reaches_at__lte=now)
    letters = due.order_by("signature__letter_id").values_list("signature__letter_id", flat=True).distinct()
    return sum(_queue_of(letter_id, now) for letter_id in list(letters))


@transaction.atomic
def _queue_of(letter_id: int, now: datetime) -> int:
    change = change_letter_unasked(Letter.objects.select_related("collective").get(pk=letter_id), by="signer", now=now)
    due = RejectionAppeal.objects.filter(queued_at=None, reaches_at__lte=now, signature__letter=change.letter)
    appeals = list(due.select_related("decision").order_by("pk"))
    rejected = Signature.objects.filter(pk__in=[each.signature_id for each in appeals], state=State.REJECTED)
    # Race: a signer who withdraws waits for the letter's row, and then takes the appeal along.
    still_rejected = set(rejected.exclude(confirmed_at=None).values_list("pk", flat=True))
    queued = [each for each in appeals if each.signature_id in still_rejected and _is_newest(each.decision)]
    RejectionAppeal.objects.filter(pk__in=[each.pk for each in appeals if each not in queued]).delete()
    RejectionAppeal.objects.filter(pk__in=[each.pk for each in queued]).update(queued_at=now)
    ids = [each.signature_id for each in queued]
    rejected.filter(pk__in=ids).update(concern=Signature.Concern.RECHECK)
    _record(change, ids)
    return len(queued)


def _is_newest(decision: ReviewDecision) -> bool:
    newest = ReviewDecision.objects.filter(signature=decision.signature_id, undone_at=None).order_by("-pk").first()
    return newest is not None and newest.pk == decision.pk


def _record(change: LetterChange, ids: list[int]) -> None:
    """Record the appeal. Privacy: this happens with the day's batch, so that no record has the time of the appeal."""
    if ids:
        change.record_signatures("appeal_rejection", ids)
