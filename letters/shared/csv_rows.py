"""Rows as lines of a CSV file that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

# What a spreadsheet reads as the beginning of a formula, after any space (OWASP, CSV injection); and the wide ones.
BEGINS_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEGINS_A_LINE = ("\t", "\r", "\n")
# By which Excel knows that a file is UTF-8.
MARK = "\ufeff"


def safe_cell(value: object) -> str:
    """Text as it is, with an apostrophe before what would be calculated. Numbers stay numbers."""
    text = "" if value is None else str(value)
    dangerous = text.startswith(BEGINS_A_LINE) or text.lstrip().startswith(BEGINS_FORMULA)
    return f"'{text}" if dangerous and isinstance(value, str) else text


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV (RFC 4180), every cell in quotes: a semicolon in one begins no new cell anywhere."""
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([safe_cell(value) for value in row] for row in rows)
    return written.getvalue()
