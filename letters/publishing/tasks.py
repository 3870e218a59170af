import logging
from datetime import datetime

from letters.publishing import queries
from letters.publishing.operations import sequence_letter

log = logging.getLogger(__name__)


def sequence(letter_id: int, *, now: datetime) -> None:
    """Number everything that is confirmed, a batch a transaction."""
    while sequence_letter(letter_id, now=now):
        pass


def sweep(*, now: datetime) -> None:
    """Sequence the letters that nobody was woken for."""
    for letter_id in queries.letters_behind():
        sequence(letter_id, now=now)


def recount_letters() -> None:
    """Report counts that do not match their rows. Not mended: a number that changes without a reason is worse."""
    for letter_id, kept, found in queries.drifted_letters():
        log.error("Letter %s counts %s published signatures, but has %s.", letter_id, kept, found)
    for revision_id, kept, found in queries.drifted_texts():
        log.error("Revision %s counts %s published signatures, but has %s.", revision_id, kept, found)
