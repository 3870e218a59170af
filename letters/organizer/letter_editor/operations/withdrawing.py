"""Withdraw a letter, or undo the withdrawal."""

from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.accounts.members import tell_members
from letters.base.changes.operations import change_letter
from letters.models import (
    OWNING,
    UNDONE_WITHIN,
    Letter,
    User,
)
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def withdraw_letter(letter: Letter, *, reason: str, by: User, now: datetime) -> None:
    """Withdraw the letter: from now on its page only gives the reason. An owner can undo this for a day. Idempotent.

    Only owners may do this, and all of them get an email. Raises Refused("not_yours"), Refused("no_reason") without a
    public reason, and Refused("no_worker") if no email can leave now.
    """
    change = change_letter(letter, OWNING, by=by, now=now)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    if letter.status in {Letter.Status.PUBLISHED, Letter.Status.CLOSED}:
        until = now + UNDONE_WITHIN
        # Send the email first: if it fails, the caller's letter is still unchanged.
        tell_members(letter, "letter_withdrawn", roles=OWNING, until=until.astimezone(letter.zone()))
        values: dict[str, Any] = {"status": Letter.Status.WITHDRAWN, "withdrawn_because": reason.strip()}
        change.update(**values, withdrawn_at=now, withdrawn_from=letter.status)
        change.record("withdraw_letter", letter, reason=reason.strip())


@transaction.atomic
def restore_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Undo a withdrawal within a day: the letter is open or closed as before, with all its signatures. Idempotent.

    Only owners may do this. Raises Refused("not_yours"), and Refused("final") after a day.
    """
    change = change_letter(letter, OWNING, by=by, now=now)
    if letter.status == Letter.Status.WITHDRAWN:
        if not letter.can_be_restored(now):
            raise Refused(Refusal.FINAL)
        nothing = {"withdrawn_because": "", "withdrawn_at": None, "withdrawn_from": ""}
        change.update(status=letter.withdrawn_from, restored_at=now, **nothing)
        change.record("restore_letter", letter)
