"""Decide about many signatures at once: ask, approve, pause, cancel, undo.

The worker's part is in bulk_work.py. Lock order: the letter, then the bulk decision.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.changes.operations import LetterChange, change_letter
from letters.base.site_limits.queries import number as limit_number
from letters.models import MODERATING, BulkDecision, Letter, ReviewDecision, SiteLimit, User
from letters.moderator.moderation.operations.begin import Reason
from letters.moderator.moderation.operations.deciding import required_reason
from letters.moderator.moderation.queries import MAX_CHOSEN, Criteria, Scope, choice_of, number_lately, scope_of
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused
from letters.shared.sql import execute

State = BulkDecision.State
Verb = ReviewDecision.Verb
CHOOSE = """
INSERT INTO letters_bulktarget (bulk_id, signature_id) SELECT %(bulk)s, chosen.id FROM ({choice}) AS chosen
"""


@dataclass(frozen=True, kw_only=True)
class BulkRequest:
    """A bulk decision that a moderator asks for. `asked` is what the page's form sent, so that pages can show it."""

    criteria: Criteria
    asked: dict[str, str]
    verb: str
    reason: str = ""
    code: str = Reason.NONE


@transaction.atomic
def ask_bulk(letter: Letter, request: BulkRequest, *, by: User, now: datetime) -> BulkDecision:
    """Choose signatures, and let a worker decide about them. A large number waits for a second person.

    Raises Refused: "not_yours", "no_reason", "nothing_chosen", "too_many_chosen", and
    "bulk_under_way" while the letter has another one.
    """
    change = change_letter(letter, MODERATING, by=by, now=now, or_site_moderator=True)
    if request.verb == Verb.REJECT:
        required_reason(request.reason, request.code)
    _require_no_other(letter)
    bulk = BulkDecision.objects.create(
        letter=letter,
        verb=request.verb,
        reason=request.code,
        note=request.reason.strip() if request.verb == Verb.REJECT else "",
        criteria=request.asked,
        state=State.ASKED,
        chosen=0,
        asked_by=by,
        asked_at=now,
    )
    bulk.chosen = _choose(bulk, request, scope_of(by, letter.slug))
    if not needs_second_person(letter, bulk.chosen, by, now):
        bulk.state = State.RUNNING
    bulk.save(update_fields=["chosen", "state"])
    _record(change, "ask_bulk_decision", bulk)
    return bulk


def _require_no_other(letter: Letter, *, than: int = 0) -> None:
    under_way = BulkDecision.objects.filter(letter=letter, state__in=BulkDecision.OPEN)
    if under_way.exclude(pk=than).exists():
        raise Refused(Refusal.BULK_UNDER_WAY)


def _choose(bulk: BulkDecision, request: BulkRequest, scope: Scope) -> int:
    choice = choice_of(scope, request.criteria, request.verb)
    number = execute(CHOOSE.format(choice=choice.statement), {**choice.values, "bulk": bulk.pk})
    if not number:
        raise Refused(Refusal.NOTHING_CHOSEN)
    if number > MAX_CHOSEN:
        raise Refused(Refusal.TOO_MANY_CHOSEN)
    return number


def needs_second_person(letter: Letter, number: int, by: User, now: datetime) -> bool:
    """Return whether a second person must approve, given what this person decided in bulk within a day."""
    return number + number_lately(letter, by, now) > limit_number(SiteLimit.Name.BULK_DECISION_ALONE)


@transaction.atomic
def approve_bulk(bulk: BulkDecision, *, by: User, now: datetime) -> None:
    """Start a bulk decision as the second person. Raises Refused("second_person") for the first one."""
    change = _begin(bulk, by, now)
    if bulk.asked_by_id == by.pk:
        raise Refused(Refusal.SECOND_PERSON)
    _move(change, bulk, [State.ASKED], State.RUNNING, "approve_bulk_decision", approved_by=by)


@transaction.atomic
def pause_bulk(bulk: BulkDecision, *, by: User, now: datetime) -> None:
    _move(_begin(bulk, by, now), bulk, [State.RUNNING], State.PAUSED, "pause_bulk_decision")


@transaction.atomic
def resume_bulk(bulk: BulkDecision, *, by: User, now: datetime) -> None:
    _move(_begin(bulk, by, now), bulk, [State.PAUSED], State.RUNNING, "resume_bulk_decision")


@transaction.atomic
def cancel_bulk(bulk: BulkDecision, *, by: User, now: datetime) -> None:
    """Stop it for good. Decisions that were made stay, and can be undone."""
    change = _begin(bulk, by, now)
    _move(
        change, bulk, [State.ASKED, State.RUNNING, State.PAUSED], State.CANCELLED, "cancel_bulk_decision", ended_at=now
    )
    bulk.targets.all().delete()


@transaction.atomic
def undo_bulk(bulk: BulkDecision, *, by: User, now: datetime) -> None:
    """Let a worker undo all of its decisions, except where someone has decided again."""
    change = _begin(bulk, by, now)
    _require_no_other(bulk.letter, than=bulk.pk)
    _move(change, bulk, [State.DONE, State.CANCELLED], State.UNDOING, "undo_bulk_decision", undone_by=by, ended_at=None)


def _begin(bulk: BulkDecision, by: User, now: datetime) -> LetterChange:
    change = change_letter(bulk.letter, MODERATING, by=by, now=now, or_site_moderator=True)
    # Race: read under the letter's lock, which the worker also takes for each batch.
    bulk.refresh_from_db(fields=["state", "asked_by", "decided", "passed_over", "chosen"])
    return change


def _move(
    change: LetterChange, bulk: BulkDecision, sources: list[State], target: State, verb: str, **values: Any
) -> None:
    """Raises Refused("bulk_moved_on") if someone else, or the worker, was faster."""
    moved = BulkDecision.objects.filter(pk=bulk.pk, state__in=sources).update(state=target, **values)
    if not moved:
        raise Refused(Refusal.BULK_MOVED_ON)
    bulk.refresh_from_db()
    _record(change, verb, bulk)


def _record(change: LetterChange, verb: str, bulk: BulkDecision) -> None:
    details = {"verb": bulk.verb, "chosen": bulk.chosen, "bulk": bulk.pk}
    change.record(verb, bulk.letter, reason=bulk.note, details=details)
    if bulk.state in BulkDecision.AT_WORK:
        change.after_commit(wake_worker)


def wake_worker() -> None:
    wakeups.wake("letters.decide_in_bulk", queue="bulk")
