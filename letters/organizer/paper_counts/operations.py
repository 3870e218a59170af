"""Enter, correct, withdraw and hide a number of signatures on paper.

Trust: the site has seen none of these signatures. So they are never added to anything: not to the count, the goal, the
names that a sealed letter needs, the history, or what webhooks are told.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

from letters.base.accounts.operations import keep_text
from letters.base.changes.operations import LetterChange, change_letter, change_letter_for_site
from letters.models import WRITING, Letter, PaperCount, User
from letters.shared.refused import Refusal, Refused

# Readers read all of them above the letter.
MAX_CURRENT = 20
FIRST_YEAR = 2000


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A number of signatures on paper, as an organizer entered it."""

    number: int
    counted_on: date
    counted_by: str
    kept_at: str = ""


@transaction.atomic
def add_paper_count(letter: Letter, *, counted: Counted, by: User, now: datetime) -> PaperCount:
    """Show a number of signatures on paper beside the count. A double click adds one.

    Raises Refused("not_yours") for everyone but owners and editors, Refused("paper_not_public") for a draft,
    Refused("letter_sealed") while nobody may know how many have signed, the refusal of a letter that is withdrawn or
    taken down, Refused("paper_wrong") for a number or a day that cannot be, Refused("too_many_paper") beyond
    MAX_CURRENT, Refused("paper_hidden") while a moderator of the site hides a number of this letter, and
    Refused("too_much_text").
    """
    change = _begin(letter, by, now)
    _require_right(letter, counted, now)
    current = PaperCount.objects.current().filter(letter=letter)
    if same := current.filter(**asdict(counted)).first():
        return same
    if current.count() >= MAX_CURRENT:
        raise Refused(Refusal.TOO_MANY_PAPER)
    return _enter(change, "add_paper_count", counted, by, now)


@transaction.atomic
def correct_paper_count(letter: Letter, wrong: int, *, counted: Counted, by: User, now: datetime) -> PaperCount:
    """Replace a number with a new one. The old one stays in the history that organizers read. Idempotent.

    Raises Refused as `add_paper_count`, and Refused("paper_over") if it was corrected or withdrawn before.
    """
    change = _begin(letter, by, now)
    _require_right(letter, counted, now)
    if again := PaperCount.objects.current().filter(letter=letter, corrects=wrong, **asdict(counted)).first():
        return again
    old = _end(letter, wrong, now)
    return _enter(change, "correct_paper_count", counted, by, now, corrects=old)


@transaction.atomic
def withdraw_paper_count(letter: Letter, wrong: int, *, by: User, now: datetime) -> None:
    """Show a number no more. It stays in the history that organizers read.

    Raises Refused("not_yours"), Refused("paper_over") if it was corrected or withdrawn before, and
    Refused("paper_hidden") if a moderator of the site hides it.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    old = _end(letter, wrong, now)
    _recount(change)
    _record(change, "withdraw_paper_count", old)


@transaction.atomic
def hide_paper_count(letter: Letter, untrue: int, *, because: str, by: User, now: datetime) -> None:
    """Hide a number that is not true. The organizers read the reason, and cannot enter another one meanwhile.

    Raises Refused("not_yours") for everyone but people who moderate the site, Refused("no_reason") without a reason,
    and Refused("paper_over") if it is not shown any more.
    """
    change = change_letter_for_site(letter, by=by, now=now)
    if not (reason := because.strip()):
        raise Refused(Refusal.NO_REASON)
    shown = PaperCount.objects.shown().filter(letter=letter, pk=untrue).first()
    if shown is None:
        raise Refused(Refusal.PAPER_OVER)
    PaperCount.objects.filter(pk=shown.pk).update(hidden_at=now, hidden_because=reason)
    _recount(change)
    _record(change, "hide_paper_count", shown, reason)


@transaction.atomic
def show_paper_count(letter: Letter, hidden: int, *, by: User, now: datetime) -> None:
    """Show a hidden number again.

    Raises Refused("not_yours") for everyone but people who moderate the site and are no members of the letter's
    collective, and Refused("paper_over") if it is not hidden.
    """
    change = change_letter_for_site(letter, by=by, now=now)
    # Abuse: nobody decides in favour of their own collective.
    if letter.collective.has_member(by):
        raise Refused(Refusal.NOT_YOURS)
    row = PaperCount.objects.current().filter(letter=letter, pk=hidden, hidden_at__isnull=False).first()
    if row is None:
        raise Refused(Refusal.PAPER_OVER)
    PaperCount.objects.filter(pk=row.pk).update(hidden_at=None, hidden_because="")
    _recount(change)
    _record(change, "show_paper_count", row)


def _begin(letter: Letter, by: User, now: datetime) -> LetterChange:
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.DRAFT:
        raise Refused(Refusal.PAPER_NOT_PUBLIC)
    if letter.is_ended:
        raise Refused(letter.status_refusal())
    if letter.is_sealed:
        raise Refused(Refusal.LETTER_SEALED)
    _require_none_hidden(letter)
    return change


def _require_none_hidden(letter: Letter) -> None:
    """Abuse: an organizer could otherwise enter a hidden number once more."""
    if PaperCount.objects.current().filter(letter=letter, hidden_at__isnull=False).exists():
        raise Refused(Refusal.PAPER_HIDDEN)


def _require_right(letter: Letter, counted: Counted, now: datetime) -> None:
    is_number = PaperCount.LEAST <= counted.number <= PaperCount.MOST
    today = letter.day_of(now)
    is_day = today is not None and counted.counted_on <= today and counted.counted_on.year >= FIRST_YEAR
    if not (is_number and is_day and counted.counted_by.strip()):
        raise Refused(Refusal.PAPER_WRONG)


def _enter(
    change: LetterChange, verb: str, counted: Counted, by: User, now: datetime, *, corrects: PaperCount | None = None
) -> PaperCount:
    keep_text([counted.counted_by, counted.kept_at], by=by, now=now)
    row = PaperCount.objects.create(
        letter=change.letter, **asdict(counted), entered_by=by, entered_at=now, corrects=corrects
    )
    _recount(change)
    _record(change, verb, row)
    return row


def _end(letter: Letter, wrong: int, now: datetime) -> PaperCount:
    """Race: the letter is locked, so of two members who correct at once, the second is refused."""
    old = PaperCount.objects.current().filter(letter=letter, pk=wrong).first()
    if old is None:
        raise Refused(Refusal.PAPER_OVER)
    # Abuse: otherwise an organizer could withdraw it, and begin again.
    if old.hidden_at:
        raise Refused(Refusal.PAPER_HIDDEN)
    PaperCount.objects.filter(pk=old.pk).update(ended_at=now)
    return old


def _recount(change: LetterChange) -> None:
    total = PaperCount.objects.shown().filter(letter=change.letter).aggregate(total=Sum("number"))["total"]
    change.update(paper_count=total or 0)


def _record(change: LetterChange, verb: str, row: PaperCount, reason: str = "") -> None:
    """Privacy: the record is permanent, so it does not name who counted."""
    details = {"number": row.number, "on": row.counted_on.isoformat()}
    change.record(verb, change.letter, reason=reason, details=details)
