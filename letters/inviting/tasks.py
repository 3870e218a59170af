from datetime import datetime

from letters.inviting.operations import forget_invitations


def tend_first_round(*, now: datetime) -> None:
    """Forget those who have not answered in time."""
    forget_invitations(now=now)
