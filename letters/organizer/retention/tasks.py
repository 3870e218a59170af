import logging
from datetime import datetime

from letters.base.retention import queries
from letters.base.retention.operations import tend_letter
from letters.models import Letter, NotificationKind
from letters.organizer.notifications.operations import announce

log = logging.getLogger(__name__)


def tend_retention(*, now: datetime) -> None:
    """Take the step that is due for every letter: tell its organizers, or delete what it no longer needs."""

    def tell(letter: Letter) -> None:
        # Organizers are told about the same deletion again if its day changes.
        day = letter.deletion_on.isoformat() if letter.deletion_on else ""
        about = {"collective": letter.collective, "letter": letter}
        announce(NotificationKind.DELETION, letter.pk, day, now=now, **about)

    for letter_id in queries.letters_to_tend():
        letter = Letter.objects.select_related("collective").get(pk=letter_id)
        try:
            tend_letter(letter, now=now, tell=tell)
        except Exception:
            # One letter must not stop the others.
            log.exception("Could not delete old data of letter %s.", letter_id)
