from datetime import datetime

from letters.organizer.first_signatories.operations import forget_invitations


def tend_first_signatories(*, now: datetime) -> None:
    """Delete invitations that were not answered in time."""
    forget_invitations(now=now)
