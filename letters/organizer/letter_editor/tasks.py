import logging
from datetime import datetime

from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.operations import publish_if_due
from letters.shared.refused import Refused

log = logging.getLogger(__name__)


def publish_due(*, now: datetime) -> None:
    """Publish the letters that are due, each in its own transaction."""
    for letter_id in queries.letters_due(now):
        try:
            publish_if_due(letter_id, now=now)
        except Refused as refused:
            log.warning(
                "Letter %s was not published, and its organizers could not be told: %s", letter_id, refused.code
            )
