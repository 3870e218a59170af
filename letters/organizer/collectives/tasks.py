"""Periodic tasks of collectives."""

from datetime import datetime

from letters.organizer.collectives.operations import forget_invitations, tell_of_suspensions


def tend_invitations(*, now: datetime) -> None:
    """Delete invitations that have ended."""
    forget_invitations(now=now)


def tell_suspended(*, now: datetime) -> None:
    """Tell people that they, or their collective, were suspended or restored."""
    tell_of_suspensions(now=now)
