"""Let a new collective publish."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import (
    Collective,
    User,
)
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def clear_collective(collective: Collective, *, by: User, now: datetime) -> None:
    """Those who run the site have looked at it: it may publish. Doing it twice changes nothing.

    Raises Refused("not_yours") for anybody else, its owners included.
    """
    if not (by.is_active and (by.is_staff or by.is_superuser)):
        raise Refused(Refusal.NOT_YOURS)
    if Collective.objects.filter(pk=collective.pk, cleared_at=None).update(cleared_at=now):
        record("clear_collective", collective, by=by, now=now)
