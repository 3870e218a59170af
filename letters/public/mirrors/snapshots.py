"""Read one moment of the database with many queries."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from letters.shared.sql import execute


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all queries inside see the database as it was at the first of them.

    Trust: count, names and record of a bundle belong to one version, however many people sign while it is made. Inside
    a transaction that has begun already, its owner has decided what it sees.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
