import logging
from datetime import datetime

from letters.models import Letter
from letters.signer.release import queries
from letters.signer.release.operations import Sequencer, delete_unreached, release_late, tend_letter

log = logging.getLogger(__name__)


def tend_releases(*, now: datetime, sequence: Sequencer) -> None:
    """Take the step that is due for every letter that names nobody yet."""
    for letter_id in queries.letters_under_way():
        letter = Letter.objects.select_related("collective").get(pk=letter_id)
        try:
            tend_letter(letter, now=now, sequence=sequence)
            delete_unreached(letter, now=now)
        except Exception:
            # One letter must not stop the others.
            log.exception("Could not tend the names of letter %s.", letter_id)
    for letter_id in queries.letters_with_late_names():
        letter = Letter.objects.select_related("collective").get(pk=letter_id)
        release_late(letter, now=now, sequence=sequence)
