from datetime import datetime

from letters.organizer.pictures.operations import delete_unused


def tidy_pictures(*, now: datetime) -> None:
    """Delete unused pictures. See `delete_unused`."""
    delete_unused(now=now)
