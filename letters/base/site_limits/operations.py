"""Change limits while the site runs, and let the settings apply again."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.base.site_limits.queries import BOUNDS, look_again
from letters.models import SiteLimit, User
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def set_limit(
    name: SiteLimit.Name, value: int, *, by: User | None, now: datetime, reason: str, until: datetime | None = None
) -> SiteLimit:
    """Change a limit, for good or until a time. It takes effect, and ends, within five seconds in every process.
    Idempotent.

    `by` is None for the person who runs the site, at its console. Raises Refused("not_yours") for anyone but a
    superuser, Refused("no_reason"), Refused("out_of_bounds"), and Refused("end_is_past").
    """
    _check(by, reason)
    least, most = BOUNDS[name]
    if not least <= value <= most:
        raise Refused(Refusal.OUT_OF_BOUNDS)
    if until and until <= now:
        raise Refused(Refusal.END_IS_PAST)
    limit, is_new = SiteLimit.objects.select_for_update().get_or_create(
        name=name, defaults={"value": value, "until": until, "changed_at": now}
    )
    applied = not is_new and limit.applies(now)
    if applied and (limit.value, limit.until) == (value, until):
        return limit
    before = limit.value if applied else None
    limit.value, limit.until, limit.changed_at = value, until, now
    limit.save()
    details = {"name": name, "value": value, "before": before}
    if until:
        details["until"] = until.isoformat()
    record("set_limit", limit, by=by, now=now, reason=reason.strip(), details=details)
    transaction.on_commit(look_again)
    return limit


@transaction.atomic
def reset_limit(name: SiteLimit.Name, *, by: User | None, now: datetime, reason: str) -> None:
    """Let the setting apply again. Idempotent. Raises Refused("not_yours") and Refused("no_reason").

    `by` is None for the person who runs the site, at its console.
    """
    _check(by, reason)
    limit = SiteLimit.objects.select_for_update().filter(name=name).first()
    if limit is None:
        return
    details = {"name": name, "before": limit.value if limit.applies(now) else None}
    record("reset_limit", limit, by=by, now=now, reason=reason.strip(), details=details)
    limit.delete()
    transaction.on_commit(look_again)


def _check(by: User | None, reason: str) -> None:
    if by is not None and not by.runs_site_now():
        raise Refused(Refusal.NOT_YOURS)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
