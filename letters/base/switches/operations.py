"""Switch activities of the site off and on while it runs."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.base.switches.queries import DEFAULTS
from letters.models import Switch, User
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def turn_switch(
    name: Switch.Name,
    *,
    on: bool,
    by: User | None,
    now: datetime,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    """Turn a switch. It takes effect within a second in every process. Idempotent.

    `until` is only said to people: when a switch that is turned on will probably be turned off. Nothing happens then.

    `by` is None for the person who runs the site, at its console. Raises Refused("not_yours") for anyone but a
    superuser.
    """
    if by is not None and not (by.is_active and by.is_superuser):
        raise Refused(Refusal.NOT_YOURS)
    switch, _ = Switch.objects.select_for_update().get_or_create(
        name=name, defaults={"is_on": DEFAULTS[name], "changed_at": now}
    )
    until = until if on else None
    if (switch.is_on, switch.until) == (on, until):
        return
    Switch.objects.filter(pk=switch.pk).update(is_on=on, until=until, changed_at=now)
    record("turn_switch", switch, by=by, now=now, reason=reason, details={"name": name, "on": on})
