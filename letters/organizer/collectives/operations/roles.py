"""Change a member's role, remove a member, or leave."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.bin import delete_soon
from letters.base.changes.operations import CollectiveChange, change_collective, change_collective_unasked
from letters.models import (
    OWNING,
    Collective,
    Letter,
    Membership,
    User,
)
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def change_role(membership: Membership, *, role: str, by: User, now: datetime) -> None:
    """Give a member another role.

    Raises Refused with "unknown_role", "gone" if they were removed since, or "last_owner".
    """
    change = change_collective(membership.collective, OWNING, by=by, now=now)
    if role not in Membership.Role.values:
        raise Refused(Refusal.UNKNOWN_ROLE)
    current = _current_membership(membership)
    if current.role == role:
        return
    _require_another_owner(change.collective, current)
    Membership.objects.filter(pk=current.pk).update(role=role)
    _record_membership(change, "change_role", current, to=role)


@transaction.atomic
def remove_member(membership: Membership, *, by: User, now: datetime) -> None:
    """Remove a member. Raises Refused("gone") or Refused("last_owner")."""
    change = change_collective(membership.collective, OWNING, by=by, now=now)
    current = _current_membership(membership)
    _require_another_owner(change.collective, current)
    _record_membership(change, "remove_member", current)
    current.delete()


@transaction.atomic
def leave_collective(collective: Collective, *, by: User, now: datetime) -> None:
    """Leave the collective. Idempotent.

    Drafts of a collective that then has no member are deleted soon: nobody could open them. Raises
    Refused("last_owner") while the collective has public letters or other members.
    """
    change = change_collective_unasked(collective, by=by, now=now)
    membership = collective.memberships.filter(user=by).first()
    if membership is None:
        return
    is_last = not collective.memberships.exclude(pk=membership.pk).exists()
    if not is_last or collective.letters.public().exists():
        _require_another_owner(collective, membership)
    if is_last:
        delete_soon(collective.letters.filter(status=Letter.Status.DRAFT), now)
    _record_membership(change, "leave_collective", membership)
    membership.delete()


def _current_membership(membership: Membership) -> Membership:
    """Return the membership as it is now. Raises Refused("gone")."""
    current = Membership.objects.filter(pk=membership.pk).first()
    if current is None:
        raise Refused(Refusal.GONE)
    return current


def _require_another_owner(collective: Collective, going: Membership) -> None:
    """Raise Refused("last_owner") if no other active owner would be left."""
    others = collective.memberships.filter(role__in=OWNING, user__is_active=True).exclude(pk=going.pk)
    if going.role in OWNING and not others.exists():
        raise Refused(Refusal.LAST_OWNER)


def _record_membership(change: CollectiveChange, verb: str, membership: Membership, **more: str) -> None:
    details = {"member": membership.user_id, "role": membership.role, **more}
    change.record(verb, membership, details=details)
