"""Carry out bulk decisions, one batch in each transaction.

If a worker stops, its batch is rolled back, and another worker continues with the signatures that are left. Two workers
wait for each other at the letter's row, so no signature is decided about twice.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction

from letters.base.changes.operations import change_letter, change_letter_unasked
from letters.models import MODERATING, BulkDecision, BulkTarget, ReviewDecision, User
from letters.moderator.moderation.operations.deciding import accept_signatures, reject_signatures
from letters.moderator.moderation.operations.undoing import undo_together
from letters.moderator.moderation.queries import decided_in
from letters.shared.refused import Refused

State = BulkDecision.State
Verb = ReviewDecision.Verb
# Lock order: a batch holds the letter, and the sequencer waits for it.
BATCH_SIZE = 200


def work_on_bulk(pk: int, *, now: datetime) -> bool:
    """Do the next batch of a bulk decision. Returns whether there may be more to do.

    If the person may no longer moderate the letter, the rest is cancelled.
    """
    try:
        return _next_batch(pk, now)
    except Refused:
        _stop(pk, now)
        return False


@transaction.atomic
def _next_batch(pk: int, now: datetime) -> bool:
    bulk = BulkDecision.objects.select_related("letter__collective", "asked_by", "undone_by").get(pk=pk)
    change_letter_unasked(bulk.letter, by=None, now=now)
    # Race: read under the letter's lock, because someone may have paused it.
    bulk.refresh_from_db(fields=["state", "decided", "passed_over", "undone", "undone_by"])
    if bulk.state == State.RUNNING:
        return _decide(bulk, now)
    return bulk.state == State.UNDOING and _undo(bulk, now)


def _decide(bulk: BulkDecision, now: datetime) -> bool:
    batch = list(bulk.targets.order_by("pk")[:BATCH_SIZE])
    # Leave out signatures about which someone has decided since: that person knew more.
    later = ReviewDecision.objects.filter(
        signature__in=[each.signature_id for each in batch], decided_at__gt=bulk.asked_at
    )
    known = {*later.values_list("signature_id", flat=True)}
    ids = [each.signature_id for each in batch if each.signature_id not in known]
    done = _decide_about(bulk, ids, now)
    BulkTarget.objects.filter(pk__in=[each.pk for each in batch]).delete()
    bulk.decided += done
    bulk.passed_over += len(batch) - done
    is_done = len(batch) < BATCH_SIZE
    if is_done:
        bulk.state, bulk.ended_at = State.DONE, now
        # This counts signatures that were deleted since.
        bulk.passed_over = bulk.chosen - bulk.decided
    bulk.save(update_fields=["decided", "passed_over", "state", "ended_at"])
    return not is_done


def _decide_about(bulk: BulkDecision, ids: list[int], now: datetime) -> int:
    if bulk.verb == Verb.ACCEPT:
        done = accept_signatures(bulk.letter, ids, by=bulk.asked_by, now=now)
    else:
        why: dict[str, Any] = {"reason": bulk.note, "code": bulk.reason, "as_of": bulk.asked_at}
        done = reject_signatures(bulk.letter, ids, **why, by=bulk.asked_by, now=now)
    newest = ReviewDecision.objects.filter(signature__in=ids, decided_at=now, decided_by=bulk.asked_by, bulk=None)
    newest.update(bulk=bulk)
    return done


def _undo(bulk: BulkDecision, now: datetime) -> bool:
    by = cast("User", bulk.undone_by)
    change = change_letter(bulk.letter, MODERATING, by=by, now=now, or_site_moderator=True)
    tried = list(ReviewDecision.objects.filter(decided_in(bulk)).order_by("pk")[:BATCH_SIZE])
    bulk.undone += undo_together(change, Verb(bulk.verb), tried)
    # Signatures about which someone has decided again stay as they are, and are not tried again.
    ReviewDecision.objects.filter(pk__in=[each.pk for each in tried], undone_at=None).update(bulk=None)
    is_done = len(tried) < BATCH_SIZE
    if is_done:
        bulk.state, bulk.ended_at = State.UNDONE, now
    bulk.save(update_fields=["undone", "state", "ended_at"])
    return not is_done


@transaction.atomic
def _stop(pk: int, now: datetime) -> None:
    bulk = BulkDecision.objects.select_related("letter__collective").get(pk=pk)
    change_letter_unasked(bulk.letter, by=None, now=now).record("cancel_bulk_decision", bulk.letter)
    stopped = BulkDecision.objects.filter(pk=pk, state__in=BulkDecision.AT_WORK)
    stopped.update(state=State.CANCELLED, ended_at=now)
    BulkTarget.objects.filter(bulk=pk).delete()


# Privacy: the words of a search may name a person.
CRITERIA_KEPT = timedelta(days=30)


def forget_criteria(*, now: datetime) -> int:
    """Delete the criteria of bulk decisions that ended a month ago. Returns the number of decisions."""
    ended = BulkDecision.objects.filter(ended_at__lte=now - CRITERIA_KEPT).exclude(criteria={})
    return ended.update(criteria={})
