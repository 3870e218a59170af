"""Limits on uploads. Decoding takes seconds of processor time, also for a file that is then refused."""

from django.conf import settings

from letters.models import User
from letters.shared import limits
from letters.shared.limits import Limit, TooMany, seconds_left
from letters.shared.refused import Refusal


def admit_upload(by: User, network: str) -> None:
    """Count an attempt before it costs anything. Raises TooMany("many_pictures")."""
    counted = [
        Limit("pictures", str(by.pk), settings.LIMIT_PICTURES),
        Limit("pictures-network", network, settings.LIMIT_PICTURES_NETWORK),
    ]
    if exceeded := limits.count(counted):
        raise TooMany(Refusal.MANY_PICTURES, seconds=max(map(seconds_left, exceeded)))
