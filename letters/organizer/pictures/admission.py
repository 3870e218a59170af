"""How often somebody may have a picture decoded: that takes seconds of a processor, also for a file that is refused."""

from django.conf import settings

from letters.models import User
from letters.shared import limits
from letters.shared.limits import Limit, TooMany, seconds_left


def admit_upload(by: User, network: str) -> None:
    """Count a try, before it costs anything. Raises TooMany("many_pictures")."""
    counted = [
        Limit("pictures", str(by.pk), settings.LIMIT_PICTURES),
        Limit("pictures-network", network, settings.LIMIT_PICTURES_NETWORK),
    ]
    if exceeded := limits.count(counted):
        raise TooMany("many_pictures", seconds=max(map(seconds_left, exceeded)))
