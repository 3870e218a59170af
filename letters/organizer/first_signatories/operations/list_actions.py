"""Send one invitation again, cancel one, and choose the order of the public names."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.changes.bin import NO_SIGNATURE
from letters.base.changes.operations import change_letter
from letters.models import WRITING, EmailKind, InvitedPerson, Letter, OutgoingEmail, User
from letters.organizer.first_signatories.invited import is_open, ordered_names, signature_behind
from letters.organizer.first_signatories.operations.inviting import OWE_REMINDER, end_invitation, require_may_remind
from letters.shared import wakeups
from letters.shared.sql import execute

# No request has this id.
NO_REQUEST = 0

# Create one more email for an invitation, unless this button or the reminder to everyone has created it before.
#
# Privacy: the email is queued whatever has become of the invitation. The builder drops it if the person has answered.
RESEND = f"""
{OWE_REMINDER}
FROM letters_signature WHERE letter_id = %(letter)s AND id = %(signature)s
ON CONFLICT (key) DO NOTHING
"""


@transaction.atomic
def resend_invitation(letter: Letter, *, person_id: int, by: User, now: datetime) -> None:
    """Send an invitation once more. Idempotent: nobody gets a third email.

    Privacy: if the person has answered, page, record and work are the same, but no email is sent. Raises Refused as
    `remind_invited` does.
    """
    change = change_letter(letter, WRITING, by=by, now=now, lock=False)
    require_may_remind(letter, now)
    person = InvitedPerson.objects.select_related("batch").filter(letter=letter, pk=person_id).first()
    if person is None or not is_open(person, now):
        return
    if not InvitedPerson.objects.filter(pk=person.pk, resent_at=None, cancelled_at=None).update(resent_at=now):
        return
    _owe_again(letter, signature_behind(person), now)
    change.record("resend_invitation", letter)
    change.after_commit(wakeups.notify_bulk_mail_worker)


def _owe_again(letter: Letter, signature_id: int | None, now: datetime) -> None:
    """Create the email.

    Timing defence: if nothing about the person is stored any more, write a row that sends no email.
    """
    if signature_id is None:
        nobody = {"key": f"invited_again:{secrets.token_hex(8)}", "request_id": NO_REQUEST, "dropped_at": now}
        OutgoingEmail.objects.create(kind=EmailKind.INVITED, created_at=now, next_attempt_at=now, **nobody)
        return
    values: dict[str, Any] = {"letter": letter.pk, "signature": signature_id, "now": now}
    execute(RESEND, values)


@transaction.atomic
def cancel_invitation(letter: Letter, *, person_id: int, by: User, now: datetime) -> None:
    """Cancel the invitation of one person on the list. Idempotent.

    Privacy: the list says "cancelled" even if the person has answered. An answer stays as it is.
    """
    change = change_letter(letter, WRITING, by=by, now=now, lock=False)
    person = InvitedPerson.objects.filter(letter=letter, pk=person_id, cancelled_at=None).first()
    if person is None:
        return
    InvitedPerson.objects.filter(pk=person.pk).update(cancelled_at=now)
    end_invitation(letter, now, pk=signature_behind(person) or NO_SIGNATURE)
    change.record("withdraw_invitation", letter)


@transaction.atomic
def order_names(letter: Letter, *, numbers: Sequence[int], by: User, now: datetime) -> None:
    """List the first signatories with these numbers in this order on the letter's page, before all others.

    Privacy: only public names can be ordered, so no order reveals anything about other people.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    shown = [signature.number for signature in ordered_names(letter) if signature.number]
    wanted = [number for number in dict.fromkeys(numbers) if number in shown]
    order = [*wanted, *(number for number in shown if number not in wanted)]
    if order == shown:
        return
    change.update(first_order=order)
    change.record("order_first_signers", letter)
