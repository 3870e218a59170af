"""Keep the names of collectives apart: when one is named or renamed, when it first publishes, and by exception."""

from datetime import datetime

from django.db import IntegrityError, transaction

from letters.base.audit_log.operations import record
from letters.base.public_names.queries import is_in_use
from letters.models import Collective, CollectiveName, User
from letters.shared.lookalikes import key_of_name
from letters.shared.refused import Refusal, Refused


def note_name(collective: Collective) -> None:
    """Store the look of a name that was just saved. The caller has locked the collective, or just created it.

    Raises Refused("name_in_use") if another collective has published letters under a name that looks the same. A
    permission to share a name ends with that name.
    """
    key = key_of_name(collective.name)
    known = CollectiveName.objects.filter(collective=collective).first()
    if known and known.key == key:
        return
    if is_in_use(key, by_others_than=collective):
        raise Refused(Refusal.NAME_IN_USE)
    claimed_at = known.claimed_at if known else None
    _store(CollectiveName(collective=collective, key=key, claimed_at=claimed_at), is_new=known is None)


def require_name(collective: Collective) -> None:
    """Raise Refused("name_in_use") if `claim_name` would, so that no page promises what cannot happen."""
    own = CollectiveName.objects.filter(collective=collective).first()
    if own and (own.claimed_at or own.allowed_at):
        return
    if is_in_use(own.key if own else key_of_name(collective.name), by_others_than=collective):
        raise Refused(Refusal.NAME_IN_USE)


def claim_name(collective: Collective, *, now: datetime) -> None:
    """Take the name for a collective that gets its first public letter. Idempotent.

    Raises Refused("name_in_use"). Race: a name that is being changed waits for this, or this waits for it: both write
    one row. Two collectives that publish at once write one key, which only one can.
    """
    own = CollectiveName.objects.select_for_update().filter(collective=collective).first()
    if own and own.claimed_at:
        return
    # A collective from before the site compared names has no row.
    key = own.key if own else key_of_name(Collective.objects.values_list("name", flat=True).get(pk=collective.pk))
    claimed = own or CollectiveName(collective=collective, key=key)
    if not claimed.allowed_at and is_in_use(key, by_others_than=collective):
        raise Refused(Refusal.NAME_IN_USE)
    claimed.claimed_at = now
    _store(claimed, is_new=own is None)


def _store(name: CollectiveName, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            name.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError as taken:
        raise Refused(Refusal.NAME_IN_USE) from taken


@transaction.atomic
def allow_name(collective: Collective, *, reason: str, by: User, now: datetime) -> None:
    """Let a collective publish under its name although another one's looks the same. Idempotent.

    Raises Refused("not_yours") for everyone but site moderators, Refused("no_reason") without a reason, and
    Refused("name_is_free") if no other collective uses such a name.
    """
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    name = CollectiveName.objects.select_for_update().filter(collective=collective).first()
    key = name.key if name else key_of_name(collective.name)
    if name and name.allowed_at:
        return
    if not is_in_use(key, by_others_than=collective):
        raise Refused(Refusal.NAME_IS_FREE)
    allowed = name or CollectiveName(collective=collective, key=key)
    allowed.allowed_at, allowed.allowed_by = now, by
    _store(allowed, is_new=name is None)
    record("allow_name", collective, by=by, now=now, reason=reason.strip())
