"""Take a letter down, appeal against that, decide on the appeal, and restore the letter.

The EU's Digital Services Act requires a statement of reasons (Article 17), and an appeal on which a person decides who
did not take the first decision (Article 20).
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from letters.base.accounts.members import tell_members
from letters.base.changes.operations import (
    LetterChange,
    change_letter,
    change_letter_for_site,
    change_letter_unasked,
)
from letters.base.letter_reviews.operations import end_review
from letters.models import OWNING, WRITING, Letter, Report, TakeDown, Update, User, current_takedown
from letters.moderator.reports.operations import settle_reports
from letters.shared.refused import Refusal, Refused

Outcome = TakeDown.Outcome


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The statement of reasons, as a moderator wrote it. It is public: it names no person."""

    ground: str
    named: str
    facts: str
    found_by: str


@transaction.atomic
def take_down_letter(letter: Letter, *, statement: Statement, by: User, now: datetime) -> TakeDown:
    """Stop showing the text, the names and the numbers of a letter, and take no signatures. Idempotent.

    Nothing is deleted, so that a restoration brings everything back. Updates that are being sent are paused. Members
    who write for the collective get the statement by email.

    Raises Refused("not_yours") for everyone but site moderators, and Refused("no_worker") if no email can leave now.
    """
    change = change_letter_for_site(letter, by=by, now=now)
    if earlier := current_takedown(letter):
        return earlier
    takedown = TakeDown(
        letter=letter, **vars(statement), status_before=letter.status, taken_down_at=now, taken_down_by=by
    )
    # Email first: if the emails cannot leave, nothing has changed.
    _tell(takedown, "letter_taken_down")
    takedown.save()
    change.update(status=Letter.Status.TAKEN_DOWN)
    Update.objects.filter(letter=letter).pause()
    settle_reports(change, by, outcome=Report.Outcome.ACTED)
    end_review(letter, by=by, now=now)
    change.record("take_down_letter", letter, reason=f"{statement.named}: {statement.facts}")
    return takedown


@transaction.atomic
def appeal_takedown(letter: Letter, *, words: str, by: User, now: datetime) -> TakeDown:
    """Let an owner of the collective appeal, once. Idempotent.

    Raises Refused("not_yours"), Refused("not_taken_down"), Refused("no_reason") without words, and
    Refused("appeal_over") after another appeal or APPEAL_WITHIN.
    """
    change = change_letter(letter, OWNING, by=by, now=now, even_suspended=True)
    takedown = _current(letter)
    if not words.strip():
        raise Refused(Refusal.NO_REASON)
    if takedown.appealed_by_id == by.pk and takedown.appeal == words.strip():
        return takedown
    if not takedown.may_appeal(now):
        raise Refused(Refusal.APPEAL_OVER)
    takedown.appeal, takedown.appealed_at, takedown.appealed_by = words.strip(), now, by
    takedown.save()
    change.record("appeal_takedown", letter)
    return takedown


@transaction.atomic
def decide_appeal(letter: Letter, *, reverse: bool, answer: str, by: User | None, now: datetime) -> TakeDown:
    """Decide on the appeal: restore the letter, or leave it down. The collective gets the answer by email.

    `by` is None for the person who runs the site, at its console: a site may have only one moderator, who must not
    decide on an appeal against their own take-down. Raises Refused("not_yours") for everyone but site moderators,
    Refused("not_taken_down"), Refused("no_reason") without an answer, Refused("appeal_settled") if no appeal waits, and
    Refused("needs_another_moderator") for the moderator who took the letter down and for members of its collective.
    """
    change = change_letter_for_site(letter, by=by, now=now) if by else change_letter_unasked(letter, by=None, now=now)
    takedown = _current(letter)
    if not answer.strip():
        raise Refused(Refusal.NO_REASON)
    if not takedown.appeal_waits:
        raise Refused(Refusal.APPEAL_SETTLED)
    if by and not takedown.may_be_decided_by(by):
        raise Refused(Refusal.NEEDS_ANOTHER_MODERATOR)
    takedown.outcome = Outcome.REVERSED if reverse else Outcome.UPHELD
    takedown.decided_at, takedown.decided_by, takedown.answer = now, by, answer.strip()
    if reverse:
        _restore(change, takedown)
    else:
        # The public page says that the decision was confirmed.
        change.update()
        takedown.save()
    _tell(takedown, "letter_takedown_decided")
    change.record("reverse_takedown" if reverse else "uphold_takedown", letter, reason=answer.strip())
    return takedown


@transaction.atomic
def restore_taken_down(letter: Letter, *, answer: str, by: User, now: datetime) -> TakeDown:
    """Restore the letter without a decision on an appeal. The list, the count and all numbers are as before.

    Raises Refused("not_yours") for everyone but site moderators, Refused("not_taken_down"), Refused("no_reason")
    without an answer, and Refused("needs_another_moderator") for members of the letter's collective.
    """
    change = change_letter_for_site(letter, by=by, now=now)
    takedown = _current(letter)
    if not answer.strip():
        raise Refused(Refusal.NO_REASON)
    if letter.collective.has_member(by):
        raise Refused(Refusal.NEEDS_ANOTHER_MODERATOR)
    takedown.answer = answer.strip()
    _restore(change, takedown)
    _tell(takedown, "letter_takedown_decided")
    change.record("restore_taken_down", letter, reason=answer.strip())
    return takedown


def _restore(change: LetterChange, takedown: TakeDown) -> None:
    takedown.restored_at, takedown.restored_by = change.now, change.by if isinstance(change.by, User) else None
    takedown.save()
    change.update(status=takedown.status_before)


def _current(letter: Letter) -> TakeDown:
    takedown = current_takedown(letter)
    if takedown is None:
        raise Refused(Refusal.NOT_TAKEN_DOWN)
    takedown.letter = letter
    return takedown


def _tell(takedown: TakeDown, template: str) -> None:
    statement_url = settings.SITE_URL + reverse("letter_takedown", args=[takedown.letter.slug])
    tell_members(takedown.letter, template, roles=WRITING, takedown=takedown, statement_url=statement_url)
