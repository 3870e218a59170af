"""What the clock starts for collectives."""

from datetime import datetime

from letters.organizer.collectives.operations import forget_invitations


def tend_invitations(*, now: datetime) -> None:
    """Forget whom nobody expects any more."""
    forget_invitations(now=now)
