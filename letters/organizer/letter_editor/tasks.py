from datetime import datetime

from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.operations import empty_bin, publish_if_due


def publish_due(*, now: datetime) -> None:
    """Publish the letters that are due, each in its own transaction."""
    for letter_id in queries.letters_due(now):
        publish_if_due(letter_id, now=now)


def tidy_drafts(*, now: datetime) -> None:
    """Delete drafts that have been in the bin for 30 days."""
    empty_bin(now=now)
