from datetime import datetime

from letters.organizing import queries
from letters.organizing.operations import publish_if_due


def publish_due(*, now: datetime) -> None:
    """Publish the letters whose moment has come, each in a transaction of its own."""
    for letter_id in queries.letters_due(now):
        publish_if_due(letter_id, now=now)
