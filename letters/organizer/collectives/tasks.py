"""Periodic tasks of collectives."""

from datetime import datetime

from letters.organizer.collectives.operations import forget_invitations


def tend_invitations(*, now: datetime) -> None:
    """Delete invitations that have ended."""
    forget_invitations(now=now)
