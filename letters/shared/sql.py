"""Run SQL statements of our own, for what the ORM cannot say."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from django.db import connection

Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Mapping[str, Any] | Sequence[Any]


def fetch_rows(statement: str, values: Values = ()) -> list[Row]:
    """Return all rows of the result."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return [_plain(row) for row in cursor.fetchall()]


def fetch_row(statement: str, values: Values = ()) -> Row | None:
    """Return the first row of the result; None if it is empty."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        row = cursor.fetchone()
        return _plain(row) if row else None


def fetch_one(statement: str, values: Values = ()) -> Row:
    """Return the row of a statement that always returns one."""
    (row,) = fetch_rows(statement, values)
    return row


def execute(statement: str, values: Values = ()) -> int:
    """Execute a statement. Returns the number of rows that it found or changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return int(cursor.rowcount)


def _plain(row: Row) -> Row:
    # Django's cursors return binary columns as memoryviews, which are no keys and cannot be compared with bytes.
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
