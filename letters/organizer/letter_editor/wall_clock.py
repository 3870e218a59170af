"""Clocks on walls and moments in time: clocks put forward skip an hour, those put back show one twice."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def moments_of(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """The moments (UTC) at which a clock there shows this: one, none at all, or two, the earlier first.

    `shown` has no zone of its own.
    """
    either = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(moment for moment in either if shown_at(moment, zone) == shown)


def shown_at(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a clock there shows at that moment."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
