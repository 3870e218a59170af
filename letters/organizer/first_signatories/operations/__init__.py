"""Decide and write about first signatories: invite them, keep the organizers' list of them, and order their names."""

from letters.organizer.first_signatories.operations.inviting import (
    cancel_invitations,
    discard_list,
    forget_invitations,
    invite_people,
    keep_list,
    remind_invited,
    withdraw_invitation,
)
from letters.organizer.first_signatories.operations.list_actions import (
    cancel_invitation,
    order_names,
    resend_invitation,
)
from letters.organizer.first_signatories.operations.listing import forget_lists, note_undelivered, reencrypt_invited

__all__ = [
    "cancel_invitation",
    "cancel_invitations",
    "discard_list",
    "forget_invitations",
    "forget_lists",
    "invite_people",
    "keep_list",
    "note_undelivered",
    "order_names",
    "reencrypt_invited",
    "remind_invited",
    "resend_invitation",
    "withdraw_invitation",
]
