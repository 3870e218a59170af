from datetime import datetime

from letters.signing.operations import purge_unconfirmed, remind_unconfirmed


def tend_unconfirmed(*, now: datetime) -> None:
    """Remind those who have not confirmed; forget those who never did."""
    purge_unconfirmed(now=now)
    remind_unconfirmed(now=now)
