"""A collective is made and described; people come to it by invitation, change parts in it, and go.

Whatever moves a part holds the collective's row, so that two owners who leave at once do not leave it to nobody.
"""

import secrets
from collections.abc import Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from cryptography.fernet import InvalidToken
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.text import slugify

from letters.base.accounts.invitations import KINDS, health_of, is_stopped
from letters.base.accounts.queries import invitations_a_day, invited_today
from letters.base.audit_log.operations import record
from letters.base.changes.operations import CollectiveChange, change_collective, change_collective_unasked
from letters.models import (
    COMPLAINED,
    OWNING,
    SALT_BYTES,
    Collective,
    MemberInvitation,
    Membership,
    OutgoingEmail,
    User,
)
from letters.organizer.collectives.queries import MAX_MEMBERS
from letters.shared import wakeups
from letters.shared.addresses import Address, canonical, encrypt, hash_address, reencrypt
from letters.shared.folding import without_marks
from letters.shared.refused import Refusal, Refused
from letters.shared.text import looks_like_link

# How long an invitation is good.
LIFETIME = timedelta(days=14)
# After that, and after it was taken back, it still counts against the limits for a day.
RETENTION = timedelta(days=1)
# Per collective.
MAX_OPEN = 20
# Per collective, and per owner over all of theirs: else whoever makes many collectives could send any number.
MAX_MAILS_A_DAY = 50
# What would stand where another page has its address: /organize/collectives/new/.
NO_SLUGS = {"new"}

# What an owner may say about a collective.
DESCRIPTION = ["name", "slug", "description", "website", "timezone"]


@transaction.atomic
def create_collective(*, name: str, by: User, now: datetime, slug: str = "", **values: Any) -> Collective:
    """A new collective, which `by` owns. Without a slug, one is made of its name.

    Raises Refused with "no_name", "names_a_link", "slug_taken" or "unknown_timezone".
    """
    _judge(values)
    _must_be_no_link(name)
    collective = Collective(name=name, slug=slug, created_at=now, **values)
    if slug:
        _save(collective)
    else:
        _save_under_free_slug(collective)
    Membership.objects.create(collective=collective, user=by, role=Membership.Role.OWNER, created_at=now)
    record("create_collective", collective, by=by, now=now)
    return collective


@transaction.atomic
def describe_collective(collective: Collective, *, values: Mapping[str, Any], by: User, now: datetime) -> None:
    """Change what DESCRIPTION names. Raises Refused as `create_collective` does.

    A name from before that looks like a link may stay; no email shows it as one.
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    _judge(values)
    if values.get("name", collective.name) != collective.name:
        _must_be_no_link(values["name"])
    changed = [name for name in DESCRIPTION if name in values and getattr(collective, name) != values[name]]
    described = copy(collective)
    for name in changed:
        setattr(described, name, values[name])
    if changed:
        # Before the row is saved: with another slug it stops whoever records a deed, who may hold a letter.
        change.make_letters_old()
        _save(described)
        change.record("describe_collective", described, details={"changed": changed})


@transaction.atomic
def invite_member(collective: Collective, *, address: Address, role: str, by: User, now: datetime) -> MemberInvitation:
    """Offer somebody a part, by a mail that is owed from now on. Whether the address has an account is not asked.

    Inviting somebody to the part that they are invited to already changes nothing: that mail is on its way. Raises
    Refused with "unknown_role", "yourself", "is_member", "invited_otherwise", "too_many_open", "too_many_today" or
    "few_today"; with "not_cleared" as long as staff have still to look at the collective, and "round_stopped" while too
    many of its invitations come back; and with "names_a_link" if a name that the email repeats would become a link in
    it.
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    collective.must_be_cleared()
    if is_stopped(collective, by, now):
        raise Refused(Refusal.ROUND_STOPPED)
    if any(map(looks_like_link, (collective.name, by.name))):
        raise Refused(Refusal.NAMES_A_LINK)
    if role not in Membership.Role.values:
        raise Refused(Refusal.UNKNOWN_ROLE)
    _must_be_nobody_here(collective, address, by)
    known = hash_address(address.canonical)
    standing = collective.invitations.standing(now)
    if invited := standing.filter(address_hash=known).first():
        if invited.role != role:
            raise Refused(Refusal.INVITED_OTHERWISE)
        return invited
    if standing.count() >= MAX_OPEN:
        raise Refused(Refusal.TOO_MANY_OPEN)
    today = MemberInvitation.objects.filter(created_at__gt=now - timedelta(days=1))
    if max(today.filter(collective=collective).count(), today.filter(invited_by=by).count()) >= MAX_MAILS_A_DAY:
        raise Refused(Refusal.TOO_MANY_TODAY)
    change.lock_account()
    if invited_today(by, now) >= invitations_a_day(by):
        raise Refused(Refusal.FEW_TODAY)
    # One that was not taken up in time, or whose owner is none any more.
    collective.invitations.open().filter(address_hash=known).update(address=None, revoked_at=now)
    invitation = MemberInvitation.objects.create(
        collective=collective,
        role=role,
        address=encrypt(address.deliverable),
        address_hash=known,
        invited_by=by,
        salt=secrets.token_bytes(SALT_BYTES),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    _owe_mail(invitation, now=now)
    change.record("invite_member", invitation, details={"role": role})
    return invitation


@transaction.atomic
def revoke_invitation(invitation: MemberInvitation, *, by: User, now: datetime) -> None:
    """Take it back: its link is worth nothing from now on, and its address is forgotten. Twice changes nothing."""
    change = change_collective(invitation.collective, OWNING, by=by, now=now)
    if MemberInvitation.objects.open().filter(pk=invitation.pk).update(address=None, revoked_at=now):
        OutgoingEmail.objects.owed().filter(invitation=invitation).update(dropped_at=now)
        change.record("revoke_invitation", invitation, details={"role": invitation.role})


@transaction.atomic
def ask_to_invite_again(collective: Collective, *, by: User, now: datetime) -> None:
    """Owners of a collective whose invitations have stopped ask staff to look at it. Asking twice changes nothing."""
    change = change_collective(collective, OWNING, by=by, now=now, lock=False)
    if not health_of(collective).is_ill:
        return
    if Collective.objects.filter(pk=collective.pk, asked_to_invite_at=None).update(asked_to_invite_at=now):
        change.record("ask_to_invite_again", collective)


@transaction.atomic
def let_invite_again(collective: Collective, *, by: User, now: datetime) -> None:
    """Staff have looked at it: its invitations go on, and what came back until now does not count any more.

    Raises Refused("not_yours") for anybody else, its owners included.
    """
    if not (by.is_active and (by.is_staff or by.is_superuser)):
        raise Refused(Refusal.NOT_YOURS)
    Collective.objects.filter(pk=collective.pk).update(invites_again_at=now, asked_to_invite_at=None)
    for theirs in ({"signature__letter__collective": collective}, {"invitation__collective": collective}):
        OutgoingEmail.objects.owed().filter(kind__in=KINDS, **theirs).update(next_attempt_at=now)
    record("let_invite_again", collective, by=by, now=now)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)
    transaction.on_commit(wakeups.notify_mail_worker)


@transaction.atomic
def accept_invitation(invitation: MemberInvitation, *, by: User, now: datetime) -> None:
    """Take up the part, with whatever account: the link is the authority. Twice by one person changes nothing.

    Raises Refused("is_member") for who has a part already, which an owner may change; else Refused("over") if it does
    not stand any more.
    """
    collective = invitation.collective
    change = change_collective_unasked(collective, by=by, now=now)
    # Held too: an account that is being closed must not wake up as a member.
    person = User.objects.select_for_update(no_key=True).filter(pk=by.pk, is_active=True).first()
    offer = MemberInvitation.objects.standing(now).filter(pk=invitation.pk).first()
    if person is None or (offer is None and not _was_accepted(invitation, by)):
        raise Refused(Refusal.OVER)
    if offer is None:
        return
    if collective.memberships.filter(user=person).exists():
        raise Refused(Refusal.IS_MEMBER)
    collective.memberships.create(user=person, role=offer.role, created_at=now)
    MemberInvitation.objects.filter(pk=offer.pk).update(address=None, accepted_at=now, accepted_by=person)
    OutgoingEmail.objects.owed().filter(invitation=offer).update(dropped_at=now)
    details = {"role": offer.role, "invited_by": offer.invited_by_id}
    change.record("accept_invitation", offer, details=details)


@transaction.atomic
def change_role(membership: Membership, *, role: str, by: User, now: datetime) -> None:
    """Raises Refused with "unknown_role", "gone" (removed meanwhile), or "last_owner"."""
    change = change_collective(membership.collective, OWNING, by=by, now=now)
    if role not in Membership.Role.values:
        raise Refused(Refusal.UNKNOWN_ROLE)
    found = _still_there(membership)
    if found.role == role:
        return
    _must_leave_an_owner(change.collective, found)
    Membership.objects.filter(pk=found.pk).update(role=role)
    _record_part(change, "change_role", found, to=role)


@transaction.atomic
def remove_member(membership: Membership, *, by: User, now: datetime) -> None:
    """Raises Refused("gone") or Refused("last_owner")."""
    change = change_collective(membership.collective, OWNING, by=by, now=now)
    found = _still_there(membership)
    _must_leave_an_owner(change.collective, found)
    _record_part(change, "remove_member", found)
    found.delete()


@transaction.atomic
def leave_collective(collective: Collective, *, by: User, now: datetime) -> None:
    """Leaving twice changes nothing. Raises Refused("last_owner") as long as there are letters, or others who stay."""
    change = change_collective_unasked(collective, by=by, now=now)
    found = collective.memberships.filter(user=by).first()
    if found is None:
        return
    if collective.letters.exists() or collective.memberships.exclude(pk=found.pk).exists():
        _must_leave_an_owner(collective, found)
    _record_part(change, "leave_collective", found)
    found.delete()


@transaction.atomic
def change_own_name(person: User, *, name: str, now: datetime) -> None:
    """What teammates call somebody: for members of their collectives, and in invitations. Raises Refused as above."""
    _must_be_no_link(name)
    if User.objects.filter(pk=person.pk).exclude(name=name).update(name=name):
        record("change_own_name", person, by=person, now=now)


def forget_invitations(*, now: datetime) -> int:
    """Delete those that are over, and with them whom they were for. How many.

    Not those whose owner called the mail spam: by their hash, that address gets no other one. And one whose email came
    back counts against its collective until it would have ended by itself, whoever takes it back.
    """
    expired = MemberInvitation.objects.filter(expires_at__lt=now - RETENTION)
    back = OutgoingEmail.objects.filter(invitation=OuterRef("pk"), failed_at__isnull=False)
    revoked = MemberInvitation.objects.filter(~Exists(back), revoked_at__lt=now - RETENTION)
    deleted, _ = (expired | revoked).exclude(outgoing_emails__error=COMPLAINED).delete()
    return deleted


def reencrypt_invitations() -> tuple[int, list[int]]:
    """Encrypt the addresses of open invitations under the newest key: how many were changed; which nothing opens."""
    changed, unreadable = 0, []
    for invitation in MemberInvitation.objects.open().only("address"):
        try:
            fresh = reencrypt(invitation.address or b"")
        except InvalidToken:
            unreadable.append(invitation.pk)
            continue
        # Compared once more: it may have been accepted, and its address forgotten, since it was read.
        same = MemberInvitation.objects.open().filter(pk=invitation.pk, address=invitation.address)
        changed += same.exclude(address=fresh).update(address=fresh)
    return changed, unreadable


def _owe_mail(invitation: MemberInvitation, *, now: datetime) -> None:
    kind = OutgoingEmail.Kind.TEAM_INVITATION
    key = f"{kind}:{invitation.pk}"
    OutgoingEmail.objects.create(kind=kind, invitation=invitation, key=key, created_at=now, next_attempt_at=now)
    transaction.on_commit(wakeups.notify_mail_worker)


def _must_be_nobody_here(collective: Collective, address: Address, by: User) -> None:
    if canonical(by.email) == address.canonical:
        raise Refused(Refusal.YOURSELF)
    theirs = collective.memberships.values_list("user__email", flat=True)[:MAX_MEMBERS]
    if address.canonical in map(canonical, theirs):
        raise Refused(Refusal.IS_MEMBER)


def _was_accepted(invitation: MemberInvitation, by: User) -> bool:
    return MemberInvitation.objects.filter(pk=invitation.pk, accepted_by=by).exists()


def _still_there(membership: Membership) -> Membership:
    """As it is now. Raises Refused("gone")."""
    found = Membership.objects.filter(pk=membership.pk).first()
    if found is None:
        raise Refused(Refusal.GONE)
    return found


def _must_leave_an_owner(collective: Collective, going: Membership) -> None:
    """Raises Refused("last_owner") if nobody else could decide about the collective any more."""
    others = collective.memberships.filter(role__in=OWNING, user__is_active=True).exclude(pk=going.pk)
    if going.role in OWNING and not others.exists():
        raise Refused(Refusal.LAST_OWNER)


def _record_part(change: CollectiveChange, verb: str, membership: Membership, **more: str) -> None:
    details = {"member": membership.user_id, "role": membership.role, **more}
    change.record(verb, membership, details=details)


def _must_be_no_link(name: str) -> None:
    """Emails to strangers repeat it, and mail programs make a link of whatever looks like one."""
    if looks_like_link(name):
        raise Refused(Refusal.NAMES_A_LINK)


def _judge(values: Mapping[str, Any]) -> None:
    if values.get("timezone", "UTC") not in available_timezones():
        raise Refused(Refusal.UNKNOWN_TIMEZONE)


def _save(collective: Collective) -> None:
    """Raises Refused("slug_taken"): the database knows, also of one that is being made at this moment."""
    if not collective.name:
        raise Refused(Refusal.NO_NAME)
    if not collective.slug or collective.slug in NO_SLUGS:
        raise Refused(Refusal.SLUG_TAKEN)
    try:
        with transaction.atomic():
            collective.save()
    except IntegrityError as taken:
        raise Refused(Refusal.SLUG_TAKEN) from taken


def _save_under_free_slug(collective: Collective) -> None:
    """Under an address made of the name; with a few digits more, if that is taken or there are no letters for one."""
    wanted = slugify(without_marks(collective.name))[:60].strip("-")
    try:
        collective.slug = wanted
        _save(collective)
    except Refused:
        collective.slug = f"{wanted or 'collective'}-{secrets.token_hex(3)}"
        _save(collective)
