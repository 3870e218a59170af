"""Write an update."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.accounts.operations import keep_text
from letters.base.changes.operations import LetterChange, change_letter
from letters.models import (
    WRITING,
    Letter,
    Update,
    User,
)
from letters.organizer.updates.operations.text import checked_title, rendered_body, words_in, words_replaced
from letters.shared.refused import Refusal, Refused

State = Update.State

# The most drafts of one letter. Only one update a day can be sent, so nobody needs more.
MAX_UNSENT = 20


@dataclass(frozen=True, kw_only=True)
class UpdateText:
    """An update as an organizer typed it."""

    title: str
    body: str
    language: str
    is_public: bool = True


@transaction.atomic
def write_update(
    letter: Letter, *, text: UpdateText, by: User, now: datetime, update: Update | None = None, seen: str = ""
) -> Update:
    """Create a draft, or change one, if it has not changed since the writer loaded it: `seen` is its `version`.

    A double click creates one draft. Saving a draft that another member has put into the bin takes it out again.
    Raises Refused("no_title"), Refused("no_body") or Refused("too_long") for a text
    that cannot be sent, Refused("changed_meanwhile") if another member has saved since, Refused("begun") once it is
    being sent, Refused("too_many_unsent") beyond MAX_UNSENT, and Refused("too_much_text") as `keep_text` does.
    """
    # Before taking the lock: rendering a long text takes a while.
    values = _values(text)
    # Race: the second request of a double click waits here, and then finds the draft of the first.
    change = change_letter(letter, WRITING, by=by, now=now)
    if update is None:
        same = Update.objects.drafts().filter(letter=letter, **values).first()
        return same or _create_draft(change, values, by=by)
    current = Update.objects.select_for_update(no_key=True).get(pk=update.pk, letter=letter)
    if current.binned_at:
        values["binned_at"] = None
    if all(getattr(current, name) == value for name, value in values.items()):
        return current
    if current.state != State.DRAFT:
        raise Refused(Refusal.BEGUN)
    if current.version != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    keep_text(words_in(values), instead_of=words_replaced(current, values), by=by, now=now)
    Update.objects.filter(pk=current.pk).update(**values)
    change.record("write_update", current, details={"letter": letter.pk})
    current.refresh_from_db()
    return current


def _values(text: UpdateText) -> dict[str, Any]:
    """Return the columns to store."""
    words = {"title": checked_title(text.title), **rendered_body(text.body)}
    return {**words, "language": text.language, "is_public": text.is_public}


def _create_draft(change: LetterChange, values: dict[str, Any], *, by: User) -> Update:
    letter, now = change.letter, change.now
    require_room(letter)
    keep_text(words_in(values), by=by, now=now)
    update = Update.objects.create(letter=letter, author=by, created_at=now, **values)
    change.record("write_update", update, details={"letter": letter.pk})
    return update


def require_room(letter: Letter) -> None:
    """Raise Refused("too_many_unsent") if the letter has MAX_UNSENT drafts."""
    if Update.objects.drafts().filter(letter=letter).count() >= MAX_UNSENT:
        raise Refused(Refusal.TOO_MANY_UNSENT)


def locked_draft(update: Update, *, by: User, now: datetime) -> tuple[LetterChange, Update]:
    """Return a draft, locked. Raises Refused("begun").

    Race: sending locks the same rows, so a text cannot change once sending has begun.
    """
    change = change_letter(update.letter, WRITING, by=by, now=now)
    current = Update.objects.select_for_update(no_key=True).get(pk=update.pk, letter=update.letter)
    if current.state != State.DRAFT:
        raise Refused(Refusal.BEGUN)
    return change, current
