"""Let a new collective publish."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import Collective, NotificationKind, User
from letters.organizer.notifications.operations import announce
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def clear_collective(collective: Collective, *, by: User, now: datetime) -> None:
    """Let a collective publish, after staff have reviewed it. Idempotent.

    Raises Refused("not_yours") for everyone except staff, even for owners of the collective.
    """
    if not (by.is_active and (by.is_staff or by.is_superuser)):
        raise Refused(Refusal.NOT_YOURS)
    if Collective.objects.filter(pk=collective.pk, cleared_at=None).update(cleared_at=now):
        record("clear_collective", collective, by=by, now=now)
        announce(NotificationKind.CLEARED, collective.pk, collective=collective, now=now)
