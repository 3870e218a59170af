"""When a letter ended, and which of its signatures a deletion goes through."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Q, QuerySet

from letters.models import Deletion, Display, Letter, Signature, Update
from letters.shared.batches import BATCH_SIZE

Status = Letter.Status


def letters_to_tend() -> list[int]:
    """Return the public letters about whose signers something may still be stored.

    A letter that names nobody yet has an end of its own (letters/signer/release).
    """
    named = Q(names_from=None) | Q(named_at__isnull=False)
    unfinished = Q(data_deleted_at=None) | Q(deletion_on__isnull=False)
    return list(Letter.objects.public().filter(named, unfinished).order_by("pk").values_list("pk", flat=True))


def ended_at(letter: Letter) -> datetime:
    """Return when the letter ended, or will end: when it closed, when its time to sign was over, or when it was
    withdrawn, whichever came first.

    A letter without an end is counted from the last thing that readers saw: a signature, a text, or an update.
    Privacy: all of these are public, so the day says nothing new about a signer.
    """
    return _known_end(letter) or _last_seen(letter)


def _known_end(letter: Letter) -> datetime | None:
    ends = [
        letter.closes_at,
        letter.closed_at if letter.status != Status.PUBLISHED else None,
        letter.withdrawn_at if letter.status == Status.WITHDRAWN else None,
    ]
    return min((end for end in ends if end is not None), default=None)


def _last_seen(letter: Letter) -> datetime:
    moments = [
        letter.published_at,
        letter.current_revision.published_at if letter.current_revision else None,
        # Numbers are given in the order of time.
        letter.signatures.filter(number=letter.last_number).values_list("published_at", flat=True).first(),
        Update.objects.filter(letter=letter).public().values_list("began_at", flat=True).first(),
    ]
    return max(moment for moment in moments if moment is not None)


def day_of_deletion(letter: Letter) -> tuple[Deletion, date] | None:
    """Return what is deleted next, and on which day; None if nothing is left."""
    ended = ended_at(letter)
    deletion = letter.next_deletion(ended)
    ended_on = letter.day_of(ended)
    if deletion is None or ended_on is None:
        return None
    return deletion, letter.deletion_on or letter.planned_day(deletion, ended_on)


def day_to_show(letter: Letter, *, now: datetime) -> tuple[Deletion, date] | None:
    """Return the same for the letter's page: once the letter has ended, and before that once organizers were told.

    Performance: for a letter with an end this reads nothing.
    """
    end = _known_end(letter)
    has_ended = end is not None and end <= now
    return day_of_deletion(letter) if has_ended or letter.deletion_on else None


def is_only_a_number(signature: Signature) -> bool:
    """Return whether everything about its signer was deleted with the other data of the letter."""
    return signature.letter.data_deleted_at is not None and signature.display == Display.NOBODY


def batches_of(letter: Letter) -> Iterator["QuerySet[Signature]"]:
    """Yield the letter's signatures in batches: those with a number, then the others.

    Performance: the numbers are an index, and no other index has all signatures of a letter.
    """
    signatures = Signature.objects.filter(letter=letter)
    for first in range(1, letter.last_number + 1, BATCH_SIZE):
        yield signatures.filter(number__gte=first, number__lt=first + BATCH_SIZE)
    ids = list(signatures.filter(number=None).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH_SIZE):
        yield signatures.filter(pk__in=ids[start : start + BATCH_SIZE])
