"""Split a text into rows, whatever separates its cells."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from letters.organizer.first_signatories.signatory_import.limits import (
    MAX_CELL_LENGTH,
    MAX_COLUMNS,
    MAX_ROWS,
    SAMPLE,
    UnreadableList,
)

BETWEEN_MAILBOXES = re.compile(r">[ \t]*[,;][ \t]*(?=[^\s])")

# Separators between cells.
DELIMITERS = ",;\t|"

SEPARATOR = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)

# The line below the heading of a Markdown table: |---|:--:|
RULE = re.compile(r":?-{2,}:?")


@dataclass(frozen=True)
class Row:
    """One record, and the number of its first line."""

    line: int
    cells: list[str]


def read_rows(text: str) -> list[Row]:
    """Return the records of a text, whatever separates their cells. Raises UnreadableList."""
    if not text.strip():
        raise UnreadableList("empty")
    if "\0" in text:
        raise UnreadableList("no_text")
    rows = _mailboxes(text) or _of_table(text)
    if not rows:
        raise UnreadableList("empty")
    if len(rows) > MAX_ROWS + 1:  # One row may be a heading.
        raise UnreadableList("too_many_rows")
    if max(len(row.cells) for row in rows) > MAX_COLUMNS:
        raise UnreadableList("too_many_columns")
    return rows


def _mailboxes(text: str) -> list[Row]:
    """Return name and address of each line, if most lines look like `Ada Lovelace <ada@example.org>`."""
    if "<" not in text:
        return []
    lines = BETWEEN_MAILBOXES.sub(">\n", text).splitlines()
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()][: MAX_ROWS + 2]
    found = [(number, line, parse_mailbox(line)) for number, line in numbered]
    if sum(1 for *_, mailbox in found if mailbox) * 2 < len(found):
        return []
    return [Row(number, mailbox or ["", line.strip(" \t,;")[:MAX_CELL_LENGTH]]) for number, line, mailbox in found]


def parse_mailbox(text: str) -> list[str] | None:
    """Return name and address of `Ada Lovelace <ada@example.org>`, or None if the text looks different."""
    line = text[:MAX_CELL_LENGTH].strip().rstrip(" \t,;")
    if not line.endswith(">") or (line.count("<"), line.count(">")) != (1, 1):
        return None
    name, _, address = line[:-1].partition("<")
    name, address = name.strip(), address.strip()
    is_quoted = name.startswith('"') and name.endswith('"')
    # More separators than in "Lovelace, Ada": these are cells of a table whose last cell is a mailbox.
    if not address or " " in address or (("\t" in name or ";" in name or name.count(",") > 1) and not is_quoted):
        return None
    return [name.strip("\"' "), address]


def _of_table(text: str) -> list[Row]:
    head = "".join(islice(io.StringIO(text, newline=""), SAMPLE))
    if named := SEPARATOR.match(text):  # Excel can write a first line that names the separator.
        head, text = head[named.end() :], "\n" + text[named.end() :]
        delimiter = named[1]
    else:
        delimiter = max(DELIMITERS, key=lambda each: _regularity(head, each))
    try:
        rows = _parsed(text, delimiter, strict=True)
    except csv.Error:
        # An opening quotation mark that is never closed would swallow the rest,
        # so read quotation marks as ordinary text.
        rows = _with_marks(text, delimiter)
    return _flattened(_without_frame(rows) if delimiter == "|" else rows)


def _without_frame(rows: list[Row]) -> list[Row]:
    """Return the rows of a Markdown table without its outer bars and the line below its heading."""
    inner = [row for row in rows if not all(RULE.fullmatch(cell) for cell in row.cells if cell)]
    if inner and all(row.cells[0] == "" for row in inner):
        inner = [Row(row.line, row.cells[1:]) for row in inner]
    if inner and all(row.cells[-1] == "" for row in inner if row.cells):
        inner = [Row(row.line, row.cells[:-1]) for row in inner]
    return [row for row in inner if any(row.cells)]


def _with_marks(text: str, delimiter: str) -> list[Row]:
    try:
        return _parsed(text, delimiter, strict=False)
    except csv.Error as too_long:
        raise UnreadableList("no_text") from too_long


def _regularity(head: str, delimiter: str) -> tuple[int, int]:
    """Return how many lines have the most common number of cells, if that is more than one; and this number."""
    try:
        rows = _parsed(head, delimiter, strict=False)
    except csv.Error:
        return (0, 0)
    widths = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
    width, times = widths.most_common(1)[0] if widths else (0, 0)
    return times, width


def _parsed(text: str, delimiter: str, *, strict: bool) -> list[Row]:
    # Keep line breaks as they are: those inside quotation marks belong to the cell.
    source = io.StringIO(text, newline="")
    if strict:
        reader = csv.reader(source, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    rows: list[Row] = []
    line = 1
    for cells in reader:
        tidy = [cell.strip(' \t\r\n"' if not strict else " \t\r\n")[:MAX_CELL_LENGTH] for cell in cells]
        if any(tidy):
            rows.append(Row(line, tidy))
        if len(rows) > MAX_ROWS + 1:
            raise UnreadableList("too_many_rows")
        line = reader.line_num + 1
    return rows


def _flattened(rows: list[Row]) -> list[Row]:
    """Put addresses that were copied side by side from an email into rows of their own."""
    cells = [cell for row in rows for cell in row.cells if cell]
    if len(cells) > len(rows) and all("@" in cell for cell in cells):
        return [Row(row.line, [cell]) for row in rows for cell in row.cells if cell]
    return rows


def cell_at(row: Row, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
