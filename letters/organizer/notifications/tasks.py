from datetime import datetime

from letters.organizer.notifications import operations

# How many collectives one run handles. The next run continues with the others.
MAX_COLLECTIVES = 2000


def notify(*, now: datetime) -> None:
    """Create the emails of what was announced, and of what site moderators decided."""
    operations.tell_of_reviews(now=now)
    operations.announce_shields(now=now)
    operations.spread_all(now=now)


def end_days(*, now: datetime) -> None:
    """Announce the days that are over, and what waits for staff and for moderators of the site."""
    operations.end_days(now=now, most=MAX_COLLECTIVES)
    operations.tell_staff(now=now)
    operations.tell_moderators(now=now)
    operations.forget_notifications(now=now)
    operations.spread_all(now=now)
