"""Close a letter to new signatures, or open it again."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import change_letter
from letters.models import (
    WRITING,
    Letter,
    User,
)


@transaction.atomic
def close_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Stop accepting signatures. People who have already signed can still confirm for one day."""
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.PUBLISHED:
        change.update(status=Letter.Status.CLOSED, closed_at=now)
        change.record("close_letter", letter)


@transaction.atomic
def reopen_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Accept signatures again."""
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.CLOSED:
        change.update(status=Letter.Status.PUBLISHED, closed_at=None)
        change.record("reopen_letter", letter)
