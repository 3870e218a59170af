from datetime import datetime

from letters.organizer.first_signatories.operations import forget_invitations, forget_lists, note_undelivered


def tend_first_signatories(*, now: datetime) -> None:
    """Note bounces in the organizers' lists, and delete lists and invitations that were not answered in time."""
    note_undelivered(now=now)
    forget_lists(now=now)
    forget_invitations(now=now)
