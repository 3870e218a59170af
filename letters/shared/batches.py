"""Work through many rows without one long transaction."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

BATCH_SIZE = 1000


def batches_of_ids(rows: QuerySet[Any]) -> Iterator[list[int]]:
    """Yield the ids of `rows` in batches. The caller changes or deletes each batch, so that `rows` finds it no more.

    Race: the caller checks the conditions again, because a row may have changed since. It ends when a batch comes back
    unchanged.
    """
    previous: list[int] = []
    while (ids := list(rows.values_list("pk", flat=True)[:BATCH_SIZE])) and ids != previous:
        yield ids
        previous = ids
