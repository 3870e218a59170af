"""Withdraw a letter, or undo the withdrawal."""

from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.changes.operations import (
    change_letter,
)
from letters.models import (
    OWNING,
    UNDONE_WITHIN,
    Letter,
    User,
)
from letters.organizer.letter_editor.mail import tell_members
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def withdraw_letter(letter: Letter, *, reason: str, by: User, now: datetime) -> None:
    """The page stays and says why, from this moment on. For a day an owner can undo it, then it is final.

    For owners alone, all of whom get an email. Withdrawing twice changes nothing. Raises Refused("not_yours"),
    Refused("no_reason") without a sentence for the public, and Refused("no_worker") if no email can leave now.
    """
    change = change_letter(letter, OWNING, by=by, now=now)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    if letter.status in {Letter.Status.PUBLISHED, Letter.Status.CLOSED}:
        until = now + UNDONE_WITHIN
        # First: if they cannot be told, the caller still has the letter as it is.
        tell_members(letter, "letter_withdrawn", roles=OWNING, until=until.astimezone(letter.collective.zone()))
        values: dict[str, Any] = {"status": Letter.Status.WITHDRAWN, "withdrawn_because": reason.strip()}
        change.update(**values, withdrawn_at=now, withdrawn_from=letter.status)
        change.record("withdraw_letter", letter, reason=reason.strip())


@transaction.atomic
def restore_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Undo a withdrawal within a day: the letter is as it was, open or closed, with all its signatures.

    For owners alone. Doing it twice changes nothing. Raises Refused("not_yours"), and Refused("final") after a day.
    """
    change = change_letter(letter, OWNING, by=by, now=now)
    if letter.status == Letter.Status.WITHDRAWN:
        if not letter.can_be_restored(now):
            raise Refused(Refusal.FINAL)
        change.update(status=letter.withdrawn_from, withdrawn_because="", withdrawn_at=None, withdrawn_from="")
        change.record("restore_letter", letter)
