"""Work through many rows without one long transaction."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

BATCH_SIZE = 1000


def batches_of_ids(rows: QuerySet[Any]) -> Iterator[list[int]]:
    """Yield the ids of `rows` in batches, each of which the caller must change or delete so that `rows` drops it.

    Iteration ends when a batch comes back unchanged. Race: the caller must check the conditions again, because a row
    may have changed since.
    """
    previous: list[int] = []
    while (ids := list(rows.values_list("pk", flat=True)[:BATCH_SIZE])) and ids != previous:
        yield ids
        previous = ids
