"""Let another moderator decide on a signer's appeal, and put appeals into the review queue.

An appeal is settled by the next decision about the signature: accepting restores it, rejecting keeps the rejection.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from letters.base.changes.operations import LetterChange, change_letter_unasked
from letters.models import Letter, RejectionAppeal, ReviewClaim, ReviewDecision, Signature, State, User
from letters.shared.refused import Refusal, Refused

Outcome = RejectionAppeal.Outcome


def appeals_to_settle(ids: Collection[int], by: User) -> Sequence[RejectionAppeal]:
    """Return the appeals about these signatures that wait. The caller has locked the letter.

    Raises Refused("another_decides") if this person has rejected one of the signatures.
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

    An appeal is deleted if the signature is no longer rejected, because the signer has got what it asks for, or if the
    signer has appealed again since, against a newer rejection. Otherwise it follows the newest rejection.
    """
    due = RejectionAppeal.objects.filter(queued_at=None, reaches_at__lte=now)
    letters = due.order_by("signature__letter_id").values_list("signature__letter_id", flat=True).distinct()
    return sum(_queue_of(letter_id, now) for letter_id in list(letters))


@transaction.atomic
def _queue_of(letter_id: int, now: datetime) -> int:
    change = change_letter_unasked(Letter.objects.select_related("collective").get(pk=letter_id), by="signer", now=now)
    due = RejectionAppeal.objects.filter(queued_at=None, reaches_at__lte=now, signature__letter=change.letter)
    signatures = Signature.objects.filter(pk__in=list(due.values_list("signature", flat=True)), state=State.REJECTED)
    # Race: a signer who withdraws waits for the letter, and then takes the appeal along. One who appeals waits here.
    rejected = signatures.exclude(confirmed_at=None).order_by("pk").select_for_update(no_key=True)
    ids = list(rejected.values_list("pk", flat=True))
    later = RejectionAppeal.objects.filter(signature=OuterRef("signature"), pk__gt=OuterRef("pk"))
    queued = list(due.filter(~Exists(later), signature__in=ids).order_by("pk"))
    due.exclude(pk__in=[each.pk for each in queued]).delete()
    for appeal in queued:
        _follow_newest_rejection(appeal)
        appeal.queued_at = now
        appeal.save(update_fields=["decision", "rejected_by", "approved_by", "queued_at"])
    ids = [each.signature_id for each in queued]
    Signature.objects.filter(pk__in=ids).update(concern=Signature.Concern.RECHECK)
    # Abuse: a moderator who has set the signature aside must not keep the appeal from the others.
    ReviewClaim.objects.filter(signature__in=ids).delete()
    _record(change, ids)
    return len(queued)


def _follow_newest_rejection(appeal: RejectionAppeal) -> None:
    """Move the appeal to the newest rejection. Abuse: who rejects again cannot make an appeal go away."""
    rejections = ReviewDecision.objects.filter(signature=appeal.signature_id, verb=ReviewDecision.Verb.REJECT)
    newest = rejections.filter(undone_at=None).select_related("bulk").order_by("-pk").first()
    if newest:
        appeal.decision, appeal.rejected_by_id = newest, newest.decided_by_id
        appeal.approved_by_id = newest.bulk.approved_by_id if newest.bulk else None


def _record(change: LetterChange, ids: list[int]) -> None:
    """Record the appeal. Privacy: this happens with the day's batch, so that no record has the time of the appeal."""
    if ids:
        change.record_signatures("appeal_rejection", ids)
