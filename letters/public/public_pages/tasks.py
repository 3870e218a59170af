import logging
from datetime import datetime
from itertools import islice

from letters.base.ledger.checking import differences_of
from letters.base.public_letters.queries import public_letters
from letters.models import Letter
from letters.public.public_pages import behind, files, queries
from letters.public.public_pages.list_rows import public_csv, public_json
from letters.public.public_pages.operations import Scorer, sequence_letter
from letters.public.public_pages.renewing import renew_breakdown

# Differences between one letter and its ledger that are reported in a night. The command check_ledger names all.
MOST_REPORTED = 100

log = logging.getLogger(__name__)


def sequence(letter_id: int, *, now: datetime, score: Scorer | None = None) -> None:
    """Number all confirmed signatures of a letter, one batch per transaction."""
    while sequence_letter(letter_id, now=now, score=score):
        pass


def sweep(*, now: datetime, score: Scorer | None = None) -> None:
    """Sequence every letter whose counts are behind, because a wake-up can get lost."""
    for letter_id in behind.letters_behind(now=now):
        sequence(letter_id, now=now, score=score)


def renew_breakdowns(*, now: datetime) -> None:
    """Renew the numbers by country and by domain of every letter that shows them."""
    for letter in public_letters().filter(breakdown_public=True).order_by("pk"):
        renew_breakdown(letter, now=now)


def recount_letters() -> None:
    """Report counts that do not match their rows.

    Do not correct them: a count that changes without a reason is worse.
    """
    for letter_id, stored, actual in queries.drifted_letters():
        log.error("Letter %s shows a count of %s published signatures, but has %s.", letter_id, stored, actual)
    for revision_id, stored, actual in queries.drifted_texts():
        log.error("Revision %s shows a count of %s published signatures, but has %s.", revision_id, stored, actual)
    for letter in Letter.objects.public().order_by("pk").iterator():
        for difference in islice(differences_of(letter), MOST_REPORTED):
            log.error("The ledger does not agree. %s", difference)


def build_list(letter_id: int, *, now: datetime, ending: files.Ending = "csv") -> None:
    """Write the whole list of a letter to a file, unless a file is new enough or another worker is writing one."""
    with files.building(letter_id, ending) as is_ours:
        letter = public_letters().filter(pk=letter_id).first()
        built = files.newest_list(letter_id, ending)
        if not is_ours or letter is None or (built and not built.should_be_rebuilt(letter.version, now)):
            return
        parts = public_json(letter) if ending == "json" else public_csv(letter)
        files.write_list(letter.pk, version=letter.version, parts=parts, began_at=now, ending=ending)


def tidy_lists(*, now: datetime) -> None:
    """Delete lists that may no longer be sent. Privacy: they may hold the names of people who have withdrawn."""
    built = files.all_lists()
    versions = dict(Letter.objects.filter(pk__in=[saved.letter_id for saved in built]).values_list("pk", "version"))
    for saved in built:
        if not saved.may_be_sent(versions.get(saved.letter_id, -1), now):
            files.delete_list(saved)
    files.delete_abandoned(now)
