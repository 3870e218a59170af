"""Let a collective invite again after too many of its invitations bounced."""

from datetime import datetime

from django.db import transaction

from letters.base.accounts.invitations import KINDS, health_of
from letters.base.audit_log.operations import record
from letters.base.changes.operations import change_collective
from letters.models import (
    OWNING,
    Collective,
    OutgoingEmail,
    User,
)
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def ask_to_invite_again(collective: Collective, *, by: User, now: datetime) -> None:
    """Ask staff to review a collective whose invitations have stopped. Idempotent."""
    change = change_collective(collective, OWNING, by=by, now=now, lock=False)
    if not health_of(collective).is_ill:
        return
    if Collective.objects.filter(pk=collective.pk, asked_to_invite_at=None).update(asked_to_invite_at=now):
        change.record("ask_to_invite_again", collective)


@transaction.atomic
def let_invite_again(collective: Collective, *, by: User, now: datetime) -> None:
    """Resume the invitations after staff have reviewed the collective. Earlier bounces no longer count.

    Raises Refused("not_yours") for everyone except staff, even for owners of the collective.
    """
    if not (by.is_active and (by.is_staff or by.is_superuser)):
        raise Refused(Refusal.NOT_YOURS)
    Collective.objects.filter(pk=collective.pk).update(invites_again_at=now, asked_to_invite_at=None)
    for theirs in ({"signature__letter__collective": collective}, {"invitation__collective": collective}):
        OutgoingEmail.objects.owed().filter(kind__in=KINDS, **theirs).update(next_attempt_at=now)
    record("let_invite_again", collective, by=by, now=now)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)
    transaction.on_commit(wakeups.notify_mail_worker)
