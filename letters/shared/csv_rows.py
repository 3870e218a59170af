"""Write CSV in which spreadsheets find no formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

# Injection: spreadsheets run a cell that begins with one of these, even after spaces (OWASP, CSV injection).
BEGINS_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEGINS_A_LINE = ("\t", "\r", "\n")
# Excel recognises UTF-8 by this byte order mark.
MARK = "\ufeff"
CSV = "text/csv; charset=utf-8"


def safe_cell(value: object) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula. Numbers stay as they are."""
    text = "" if value is None else str(value)
    dangerous = text.startswith(BEGINS_A_LINE) or text.lstrip().startswith(BEGINS_FORMULA)
    return f"'{text}" if dangerous and isinstance(value, str) else text


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Return the rows as CSV (RFC 4180). Quote every cell, so that a semicolon never begins a new one."""
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([safe_cell(value) for value in row] for row in rows)
    return written.getvalue()
