from datetime import datetime

from letters.moderator.organisations.operations import forget_unconfirmed


def tidy_organisations(*, now: datetime) -> None:
    """Delete what nobody has confirmed in time. Without a broker this is tried again."""
    forget_unconfirmed(now=now)
