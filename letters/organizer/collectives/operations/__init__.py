"""A collective and its members, one flow per file. Import from here.

Lock order: every change of a role holds the collective's row. Otherwise two owners who leave at the same moment would
leave the collective without one.
"""

from letters.organizer.collectives.operations.bounced_invitations import ask_to_invite_again, let_invite_again
from letters.organizer.collectives.operations.describing import DESCRIPTION, create_collective, describe_collective
from letters.organizer.collectives.operations.forgetting import forget_invitations, reencrypt_invitations
from letters.organizer.collectives.operations.inviting import invite_member, revoke_invitation
from letters.organizer.collectives.operations.joining import accept_invitation, decline_invitation
from letters.organizer.collectives.operations.own_name import change_own_name, put_off_own_name
from letters.organizer.collectives.operations.replies import choose_replies
from letters.organizer.collectives.operations.roles import change_role, leave_collective, remove_member
from letters.organizer.collectives.operations.suspending import (
    end_suspension,
    suspend_account,
    suspend_collective,
    tell_of_suspensions,
    why_not_suspended,
)

__all__ = [
    "DESCRIPTION",
    "accept_invitation",
    "ask_to_invite_again",
    "change_own_name",
    "change_role",
    "choose_replies",
    "create_collective",
    "decline_invitation",
    "describe_collective",
    "end_suspension",
    "forget_invitations",
    "invite_member",
    "leave_collective",
    "let_invite_again",
    "put_off_own_name",
    "reencrypt_invitations",
    "remove_member",
    "revoke_invitation",
    "suspend_account",
    "suspend_collective",
    "tell_of_suspensions",
    "why_not_suspended",
]
