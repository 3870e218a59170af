"""Close a letter to new signatures, or open it again."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import change_letter
from letters.models import (
    WRITING,
    Letter,
    Release,
    User,
)
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def close_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Stop accepting signatures. People who have already signed can still confirm for one day."""
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.PUBLISHED:
        change.update(status=Letter.Status.CLOSED, closed_at=now)
        change.record("close_letter", letter)


@transaction.atomic
def reopen_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Accept signatures again.

    Raises Refused("letter_sealed") if too few people had signed, so that everything was deleted, and
    Refused("data_deleted") once the site no longer knows who has signed.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.CLOSED:
        if letter.data_deleted_at is not None:
            raise Refused(Refusal.DATA_DELETED)
        if Release.objects.filter(letter=letter, missed_at__isnull=False).exists():
            raise Refused(Refusal.LETTER_SEALED)
        change.update(status=Letter.Status.PUBLISHED, closed_at=None)
        change.record("reopen_letter", letter)
