"""Convert between wall-clock times and moments.

When clocks go forward, an hour is missing; when they go back, an hour repeats.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def moments_of(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments (UTC) at which a clock in this zone shows this time: one, none, or two, the earlier first.

    `shown` must be naive.
    """
    either = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(moment for moment in either if shown_at(moment, zone) == shown)


def shown_at(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the naive time that a clock in this zone shows at that moment."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
