"""Change limits while the site runs, and let the settings apply again."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.base.site_limits.queries import BOUNDS, look_again
from letters.models import SiteLimit, User
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def set_limit(name: SiteLimit.Name, value: int, *, by: User, now: datetime, reason: str) -> SiteLimit:
    """Change a limit. It takes effect within five seconds in every process. Idempotent.

    Raises Refused("not_yours") for anyone but a superuser, Refused("no_reason"), and Refused("out_of_bounds").
    """
    _check(by, reason)
    least, most = BOUNDS[name]
    if not least <= value <= most:
        raise Refused(Refusal.OUT_OF_BOUNDS)
    limit, is_new = SiteLimit.objects.select_for_update().get_or_create(
        name=name, defaults={"value": value, "changed_at": now}
    )
    if not is_new and limit.value == value:
        return limit
    before = None if is_new else limit.value
    limit.value, limit.changed_at = value, now
    limit.save()
    details = {"name": name, "value": value, "before": before}
    record("set_limit", limit, by=by, now=now, reason=reason.strip(), details=details)
    transaction.on_commit(look_again)
    return limit


@transaction.atomic
def reset_limit(limit: SiteLimit, *, by: User, now: datetime, reason: str) -> None:
    """Let the setting apply again. Idempotent. Raises Refused("not_yours") and Refused("no_reason")."""
    _check(by, reason)
    if SiteLimit.objects.filter(pk=limit.pk).delete()[0]:
        details = {"name": limit.name, "before": limit.value}
        record("reset_limit", limit, by=by, now=now, reason=reason.strip(), details=details)
        transaction.on_commit(look_again)


def _check(by: User, reason: str) -> None:
    if not by.runs_site_now():
        raise Refused(Refusal.NOT_YOURS)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
