"""Accept or decline an invitation to a collective."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import change_collective_unasked
from letters.models import (
    MemberInvitation,
    OutgoingEmail,
    User,
)
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def accept_invitation(invitation: MemberInvitation, *, by: User, now: datetime) -> None:
    """Accept a role with any account: the link gives the right to. Idempotent for the person who accepted.

    Raises Refused("suspended"), Refused("is_member") for someone who has a role already, which only an owner may
    change, and Refused("over") if the invitation has ended.
    """
    collective = invitation.collective
    change = change_collective_unasked(collective, by=by, now=now)
    collective.require_not_suspended()
    # Race: lock the account too, so that an account that is being closed does not become a member.
    person = User.objects.select_for_update(no_key=True).filter(pk=by.pk, is_active=True).first()
    offer = MemberInvitation.objects.active(now).filter(pk=invitation.pk).first()
    if person is None or (offer is None and not _was_accepted(invitation, by)):
        raise Refused(Refusal.OVER)
    if offer is None:
        return
    if collective.has_member(person):
        raise Refused(Refusal.IS_MEMBER)
    collective.memberships.create(user=person, role=offer.role, created_at=now)
    MemberInvitation.objects.filter(pk=offer.pk).update(address=None, accepted_at=now, accepted_by=person)
    OutgoingEmail.objects.owed().filter(invitation=offer).update(dropped_at=now)
    details = {"role": offer.role, "invited_by": offer.invited_by_id}
    change.record("accept_invitation", offer, details=details)


def _was_accepted(invitation: MemberInvitation, by: User) -> bool:
    return MemberInvitation.objects.filter(pk=invitation.pk, accepted_by=by).exists()


@transaction.atomic
def decline_invitation(invitation: MemberInvitation, *, now: datetime) -> None:
    """Decline a role. The link gives the right to, and no account is needed. Idempotent.

    The link stops working and the address is deleted. Owners see for two weeks that someone has declined. Raises
    Refused("over") if the invitation has ended otherwise.
    """
    change = change_collective_unasked(invitation.collective, by=None, now=now)
    offer = MemberInvitation.objects.active(now).filter(pk=invitation.pk).first()
    if offer is None:
        if MemberInvitation.objects.filter(pk=invitation.pk, declined_at__isnull=False).exists():
            return
        raise Refused(Refusal.OVER)
    MemberInvitation.objects.filter(pk=offer.pk).update(address=None, revoked_at=now, declined_at=now)
    OutgoingEmail.objects.owed().filter(invitation=offer).update(dropped_at=now)
    # Privacy: the record does not name the person, because owners do not know which account belongs to the address.
    change.record("decline_member_invitation", offer, details={"role": offer.role})
