"""Invite people to a collective, and withdraw an invitation."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from letters.base.accounts.invitations import is_stopped
from letters.base.accounts.queries import invitations_a_day, invited_today
from letters.base.changes.operations import CollectiveChange, change_collective
from letters.base.outbox.enqueueing import new_email
from letters.models import (
    OWNING,
    SALT_BYTES,
    Collective,
    EmailKind,
    MemberInvitation,
    Membership,
    OutgoingEmail,
    User,
)
from letters.organizer.collectives.queries import MAX_MEMBERS
from letters.shared import wakeups
from letters.shared.addresses import Address, canonical, encrypt, hash_address
from letters.shared.refused import Refusal, Refused
from letters.shared.text import looks_like_link

# An invitation can be accepted for this long.
LIFETIME = timedelta(days=14)

# A collective can have at most this many open invitations.
MAX_OPEN = 20

# Abuse: this limits the emails of one collective, and those of one owner over all collectives. Otherwise an owner could
# create many collectives and send any number.
MAX_INVITATIONS_A_DAY = 50


@transaction.atomic
def invite_member(collective: Collective, *, address: Address, role: str, by: User, now: datetime) -> MemberInvitation:
    """Offer someone a role by email. Privacy: it does not matter whether the address has an account.

    Inviting someone again to the same role changes nothing: its email is on its way. Raises Refused with
    "unknown_role", "yourself", "is_member", "invited_otherwise", "too_many_open", "too_many_today" or "few_today";
    "not_cleared" while staff have still to clear the collective; "invitations_stopped" while too many of its
    invitations bounce; and "names_a_link" if a name that the email repeats would become a link in it.
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    _check_may_invite(collective, by, now)
    if role not in Membership.Role.values:
        raise Refused(Refusal.UNKNOWN_ROLE)
    _check_not_a_member(collective, address, by)
    known = hash_address(address.canonical)
    open_now = collective.invitations.active(now)
    if invited := open_now.filter(address_hash=known).first():
        if invited.role != role:
            raise Refused(Refusal.INVITED_OTHERWISE)
        return invited
    if open_now.count() >= MAX_OPEN:
        raise Refused(Refusal.TOO_MANY_OPEN)
    _check_daily_limits(change, by)
    # End an invitation that has expired, or whose inviter is no longer an owner.
    collective.invitations.open().filter(address_hash=known).update(address=None, revoked_at=now)
    return _create_invitation(change, address, role, by)


def _check_may_invite(collective: Collective, by: User, now: datetime) -> None:
    collective.require_cleared()
    if is_stopped(collective, by, now):
        raise Refused(Refusal.INVITATIONS_STOPPED)
    if any(map(looks_like_link, (collective.name, by.name))):
        raise Refused(Refusal.NAMES_A_LINK)


def _check_daily_limits(change: CollectiveChange, by: User) -> None:
    """Raise Refused("too_many_today") or Refused("few_today"). Locks the account, so that two requests both count."""
    now = change.now
    today = MemberInvitation.objects.filter(created_at__gt=now - timedelta(days=1))
    if (
        max(today.filter(collective=change.collective).count(), today.filter(invited_by=by).count())
        >= MAX_INVITATIONS_A_DAY
    ):
        raise Refused(Refusal.TOO_MANY_TODAY)
    change.lock_account()
    if invited_today(by, now) >= invitations_a_day(by):
        raise Refused(Refusal.FEW_TODAY)


def _create_invitation(change: CollectiveChange, address: Address, role: str, by: User) -> MemberInvitation:
    invitation = MemberInvitation.objects.create(
        collective=change.collective,
        role=role,
        address=encrypt(address.deliverable),
        address_hash=hash_address(address.canonical),
        invited_by=by,
        salt=secrets.token_bytes(SALT_BYTES),
        created_at=change.now,
        expires_at=change.now + LIFETIME,
    )
    _owe_mail(invitation, now=change.now)
    change.record("invite_member", invitation, details={"role": role})
    return invitation


def _owe_mail(invitation: MemberInvitation, *, now: datetime) -> None:
    new_email(EmailKind.TEAM_INVITATION, invitation.pk, now=now, invitation=invitation).save(force_insert=True)
    transaction.on_commit(wakeups.notify_mail_worker)


def _check_not_a_member(collective: Collective, address: Address, by: User) -> None:
    if canonical(by.email) == address.canonical:
        raise Refused(Refusal.YOURSELF)
    theirs = collective.memberships.values_list("user__email", flat=True)[:MAX_MEMBERS]
    if address.canonical in map(canonical, theirs):
        raise Refused(Refusal.IS_MEMBER)


@transaction.atomic
def revoke_invitation(invitation: MemberInvitation, *, by: User, now: datetime) -> None:
    """Withdraw an invitation: its link stops working and its address is deleted. Idempotent."""
    change = change_collective(invitation.collective, OWNING, by=by, now=now)
    if MemberInvitation.objects.open().filter(pk=invitation.pk).update(address=None, revoked_at=now):
        OutgoingEmail.objects.owed().filter(invitation=invitation).update(dropped_at=now)
        change.record("revoke_invitation", invitation, details={"role": invitation.role})
