"""Encrypt words that only organizers may read and that are still readable in the database."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from letters.models import Signature, Submission
from letters.models.entrusted import CHANGES, ENTRUSTED_WORDS, SEALED
from letters.models.signature_conditions import TO_ENCRYPT, WITH_CHANGES

BATCH_SIZE = 500


def encrypt_words(*, batches: int | None = None) -> int:
    """Encrypt readable words of all signatures, proposals and submissions, at most so many batches. Returns how many.

    Each batch is a transaction, and the index of readable words gets smaller with each, so it can stop at any moment
    and begin again. Safe while people sign.
    """
    done = 0
    while batches is None or batches > 0:
        ids = list(Signature.objects.filter(TO_ENCRYPT).order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE])
        if not ids:
            break
        done += encrypt_words_of(ids)
        batches = None if batches is None else batches - 1
    return done + _encrypt_submissions() + _encrypt_changes()


@transaction.atomic
def encrypt_words_of(ids: Collection[int]) -> int:
    """Encrypt the readable words of these signatures, if only organizers may read them. Returns how many.

    Race: a signer who changes the words at this moment waits, or was first. Lock order: no letter is locked, and the
    rows are locked in the order of their ids.
    """
    rows = Signature.objects.filter(TO_ENCRYPT, pk__in=ids).order_by("pk").select_for_update(no_key=True)
    return sum(Signature.objects.filter(pk=row.pk).update(**row.stored()) for row in rows)


@transaction.atomic
def _encrypt_submissions() -> int:
    waiting = Submission.objects.filter(TO_ENCRYPT).select_related("signature").order_by("pk")
    rows = waiting.select_for_update(no_key=True, of=["self"])[:BATCH_SIZE]
    return sum(Submission.objects.filter(pk=row.pk).update(**row.stored()) for row in rows)


@transaction.atomic
def _encrypt_changes() -> int:
    """Encrypt changes that an older program has stored so that anyone can read them."""
    readable = Q()
    for column in CHANGES:
        names = Q(**{f"{column}__has_any_keys": ENTRUSTED_WORDS})
        readable |= names & ~Q(**{f"{column}__has_key": SEALED})
    rows = Signature.objects.filter(WITH_CHANGES).filter(readable).order_by("pk").select_for_update(no_key=True)
    return sum(
        Signature.objects.filter(pk=row.pk).update(**{column: getattr(row, column) for column in CHANGES})
        for row in rows[:BATCH_SIZE]
    )
