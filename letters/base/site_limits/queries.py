"""The limits as they are now, at most five seconds old in every process.

Performance: each signing asks. So a process reads them once in five seconds, all in one query.
"""

import time
from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from limits import RateLimitItem

from letters.models import SiteLimit

Name = SiteLimit.Name
REFRESHED_SECONDS = 5
# The lowest and the highest value. Abuse: someone who steals the account of a person who runs the site can neither keep
# everyone from signing nor lift a limit for good. A hard limit lower than a lecture hall would refuse honest people.
BOUNDS: Mapping[Name, tuple[int, int]] = {
    Name.BULK_DECISION_ALONE: (0, 20_000),
    Name.NETWORK_SOFT: (1, 3_000),
    Name.NETWORK_HARD: (300, 30_000),
    Name.LETTER_SOFT: (10, 60_000),
    Name.DOMAIN: (5, 10_000),
    Name.UNPROVEN: (5, 3_000),
    Name.REQUESTS: (30, 30_000),
    Name.REPORTS: (5, 3_000),
}


def number(name: Name) -> int:
    """Return a limit that is a plain number."""
    return _changed(_period()).get(name, int(getattr(settings, name.upper())))


def rate(name: Name) -> RateLimitItem:
    """Return a limit that is a rate: the setting, or the number that staff chose for the same time.

    Counting begins again with a new number, because it is part of the counter's key.
    """
    of_setting: RateLimitItem = getattr(settings, name.upper())
    chosen = _changed(_period()).get(name)
    return of_setting if chosen is None else type(of_setting)(chosen, of_setting.multiples)


def in_settings(name: Name) -> str:
    """Return the setting in words: "500", or "60 per 1 hour"."""
    return str(getattr(settings, name.upper()))


def look_again() -> None:
    """Make this process read the limits again. Other processes do so within five seconds."""
    _changed.cache_clear()


def _period() -> int:
    return int(time.monotonic()) // REFRESHED_SECONDS


@lru_cache(maxsize=2)
def _changed(period: int) -> dict[str, int]:
    current = SiteLimit.objects.filter(Q(until=None) | Q(until__gt=Now()))
    return dict(current.values_list("name", "value"))
