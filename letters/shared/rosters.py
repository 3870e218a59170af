"""Lists of people that somebody pastes or exports: read whatever they look like, without running or believing anything.

Three steps: `decode` makes text of a file, `read_rows` rows of the text, and `read_people` people of the rows, once
somebody has looked at what the columns were taken for. All are bounded by MOST_BYTES and MOST_ROWS.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from letters.shared.addresses import Address, read_address
from letters.shared.text import UnusableText, clean_line

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 5000
MOST_COLUMNS = 60
# As much of a cell is looked at; names and affiliations are shorter (Signature).
LONGEST_CELL = 1000
LONGEST_NAME = 200
# How many rows are looked at to find out what a list looks like.
SAMPLE = 50

# What a column may hold. "given" and "family" are the halves of a name.
MEANINGS = ["ignored", "address", "name", "given", "family", "affiliation", "role"]

ZIP, OLE, PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"
BETWEEN_MAILBOXES = re.compile(r">[ \t]*[,;][ \t]*(?=[^\s])")
MOMENT = re.compile(r"\d[/.:-]\d")
# What a spreadsheet takes for the beginning of a formula, wide forms included.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 -- these wide forms are meant


class UnreadableList(ValueError):
    """Nothing can be made of it; `code` says why, for example "workbook" or "too_many_rows"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file, and how it was written if that is worth saying ("windows-1252", "utf-16"), else nothing.

    Raises UnreadableList for what is no text, or more than MOST_BYTES.
    """
    if len(content) > MOST_BYTES:
        raise UnreadableList("too_large")
    if content.startswith((ZIP, OLE)):
        raise UnreadableList("workbook")
    if content.startswith(PDF):
        raise UnreadableList("no_text")
    text, encoding = _decoded(content)
    text = text.lstrip("\ufeff")
    if "\0" in text:
        raise UnreadableList("no_text")
    if not text.strip():
        raise UnreadableList("empty")
    return text, encoding


def _decoded(content: bytes) -> tuple[str, str]:
    if encoding := _wide_encoding(content):
        try:
            return content.decode(encoding), "utf-16"
        except UnicodeDecodeError as damage:
            raise UnreadableList("no_text") from damage
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), "windows-1252"
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252.
        return content.decode("latin-1"), "latin-1"


def _wide_encoding(content: bytes) -> str:
    """UTF-16, as Excel saves "Unicode text": with its mark, or known by the zeros between Latin letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = content[:400]
    if len(sample) < 4 or b"\0" not in sample:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) // 4 and not odd else ""


@dataclass(frozen=True)
class Row:
    """One record, and the line that it begins on."""

    line: int
    cells: list[str]


def read_rows(text: str) -> list[Row]:
    """The records of a text, whatever is between their cells. Raises UnreadableList."""
    if not text.strip():
        raise UnreadableList("empty")
    if "\0" in text:
        raise UnreadableList("no_text")
    rows = _mailboxes(text) or _of_table(text)
    if not rows:
        raise UnreadableList("empty")
    if len(rows) > MOST_ROWS + 1:  # A heading is no person.
        raise UnreadableList("too_many_rows")
    if max(len(row.cells) for row in rows) > MOST_COLUMNS:
        raise UnreadableList("too_many_columns")
    return rows


def _mailboxes(text: str) -> list[Row]:
    """Lines like `Ada Lovelace <ada@example.org>`, if most are: each as a name and an address."""
    if "<" not in text:
        return []
    lines = BETWEEN_MAILBOXES.sub(">\n", text).splitlines()
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()][: MOST_ROWS + 2]
    found = [(number, line, _mailbox(line)) for number, line in numbered]
    if sum(1 for *_, mailbox in found if mailbox) * 2 < len(found):
        return []
    return [Row(number, mailbox or ["", line.strip(" \t,;")[:LONGEST_CELL]]) for number, line, mailbox in found]


def _mailbox(text: str) -> list[str] | None:
    """The name and the address in `Ada Lovelace <ada@example.org>`, if it looks like that."""
    line = text[:LONGEST_CELL].strip().rstrip(" \t,;")
    if not line.endswith(">") or (line.count("<"), line.count(">")) != (1, 1):
        return None
    name, _, address = line[:-1].partition("<")
    name, address = name.strip(), address.strip()
    is_quoted = name.startswith('"') and name.endswith('"')
    # More than "Lovelace, Ada": cells of a table, of which the last one is a mailbox.
    if not address or " " in address or (("\t" in name or ";" in name or name.count(",") > 1) and not is_quoted):
        return None
    return [name.strip("\"' "), address]


def _of_table(text: str) -> list[Row]:
    head = "".join(islice(io.StringIO(text, newline=""), SAMPLE))
    delimiter = max(",;\t", key=lambda each: _regularity(head, each))
    try:
        rows = _parsed(text, delimiter, strict=True)
    except csv.Error:
        # A quotation mark that is opened and not closed would swallow all that follows: then it is a mark like others.
        rows = _with_marks(text, delimiter)
    return _flattened(rows)


def _with_marks(text: str, delimiter: str) -> list[Row]:
    try:
        return _parsed(text, delimiter, strict=False)
    except csv.Error as too_long:
        raise UnreadableList("no_text") from too_long


def _regularity(head: str, delimiter: str) -> tuple[int, int]:
    """How many lines have as many cells as most lines, if that is more than one; and then how many cells."""
    try:
        rows = _parsed(head, delimiter, strict=False)
    except csv.Error:
        return (0, 0)
    widths = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
    width, times = widths.most_common(1)[0] if widths else (0, 0)
    return times, width


def _parsed(text: str, delimiter: str, *, strict: bool) -> list[Row]:
    # Each line end as it stands: those within quotation marks belong to the cell.
    source = io.StringIO(text, newline="")
    if strict:
        reader = csv.reader(source, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    rows: list[Row] = []
    line = 1
    for cells in reader:
        tidy = [cell.strip(' \t\r\n"' if not strict else " \t\r\n")[:LONGEST_CELL] for cell in cells]
        if any(tidy):
            rows.append(Row(line, tidy))
        if len(rows) > MOST_ROWS + 1:
            raise UnreadableList("too_many_rows")
        line = reader.line_num + 1
    return rows


def _flattened(rows: list[Row]) -> list[Row]:
    """Addresses side by side, as they are copied from a mail: one to a row."""
    cells = [cell for row in rows for cell in row.cells if cell]
    if len(cells) > len(rows) and all("@" in cell for cell in cells):
        return [Row(row.line, [cell]) for row in rows for cell in row.cells if cell]
    return rows


# What exports of forms and petition sites call their columns: the first that fits.
HEADINGS = {
    "address": ["e-mail", "email", "mail", "correo", "courriel", "indirizzo di posta", "adresse électronique"],
    "given": ["first name", "given name", "firstname", "vorname", "prénom", "nombre", "first"],
    "family": ["last name", "family name", "lastname", "surname", "nachname", "nom de famille", "cognome", "apellido"],
    "affiliation": [
        *["affiliation", "organisation", "organization", "institution", "company", "university", "employer"],
        *["affiliazione", "ente", "istituzione", "azienda", "università", "firma", "einrichtung", "institución"],
    ],
    "role": ["role", "profession", "job", "title", "occupation", "position", "ruolo", "professione", "beruf", "métier"],
    "name": ["name", "nome", "nom", "signatory", "signer", "firmatario", "signataire"],
}
NOT_THESE = re.compile(r"user ?name|time ?stamp|confirm|consent|subscri|opt.?in|event|file|petition", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """What the columns of a list seem to hold (of MEANINGS), and whether its first row only names them."""

    columns: list[str]
    has_heading: bool


def guess_columns(rows: Sequence[Row]) -> Guess:
    """By their headings; what these do not tell, by what stands below."""
    width = max(len(row.cells) for row in rows)
    first = rows[0].cells
    named = [_meaning_of(cell) for cell in first] + ["ignored"] * (width - len(first))
    has_heading = not any("@" in cell for cell in first) and (
        any(meaning != "ignored" for meaning in named) or (len(rows) > 1 and width > 1)
    )
    columns = _each_once(named) if has_heading else ["ignored"] * width
    body = list(rows[1 if has_heading else 0 :][:SAMPLE])
    if "address" not in columns and (place := _fullest(body, width)) is not None:
        columns[place] = "address"
    if not {"name", "given", "family"} & {*columns}:
        _guess_names(columns, body, has_heading=has_heading)
    # Somebody who has one name only, under "Nome" beside "Cognome": the halves of one.
    if "family" in columns and "given" not in columns and "name" in columns:
        columns[columns.index("name")] = "given"
    return Guess(columns, has_heading)


def _meaning_of(heading: str) -> str:
    if NOT_THESE.search(heading):
        return "ignored"
    words = heading.casefold().replace("_", " ")
    return next((meaning for meaning, known in HEADINGS.items() if any(word in words for word in known)), "ignored")


def _each_once(columns: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    once = []
    for column in columns:
        once.append("ignored" if column in seen else column)
        seen.add(column)
    return once


def _fullest(body: Sequence[Row], width: int) -> int | None:
    """The column with the most addresses, if there are any."""
    found = [sum(1 for row in body if "@" in _cell(row, place)) for place in range(width)]
    most = max(found, default=0)
    return found.index(most) if most else None


def _guess_names(columns: list[str], body: Sequence[Row], *, has_heading: bool) -> None:
    """Without a word about it, the first column of words is the name; without any heading, the next an affiliation."""
    wanted = ["name"] if has_heading else ["name", "affiliation"]
    for place, column in enumerate(columns):
        words = [cell for row in body if (cell := _cell(row, place))]
        if wanted and column == "ignored" and words and all(map(_looks_like_words, words)):
            columns[place] = wanted.pop(0)


def _looks_like_words(cell: str) -> bool:
    """No address, no number, and no moment."""
    return "@" not in cell and any(map(str.isalpha, cell)) and not MOMENT.search(cell)


@dataclass(frozen=True)
class Person:
    """Somebody on a list, as it says they are."""

    line: int
    address: Address
    name: str = ""
    affiliation: str = ""
    role: str = ""


@dataclass(frozen=True)
class Roster:
    """What a list comes to: the people, and the lines of those rows that are nobody or somebody once more."""

    people: list[Person] = field(default_factory=list)
    without_address: list[int] = field(default_factory=list)
    doubles: list[int] = field(default_factory=list)


def read_people(rows: Sequence[Row], columns: Sequence[str], *, has_heading: bool) -> Roster:
    """The people on a list whose columns have these meanings. Never raises: what is no person is counted as such."""
    roster, seen = Roster(), set()
    for row in rows[1 if has_heading else 0 :]:
        person = _person(row, columns)
        if person is None:
            roster.without_address.append(row.line)
        elif person.address.canonical in seen:
            roster.doubles.append(row.line)
        else:
            seen.add(person.address.canonical)
            roster.people.append(person)
    return roster


def _person(row: Row, columns: Sequence[str]) -> Person | None:
    cells = {meaning: _cell(row, place) for place, meaning in enumerate(columns) if meaning != "ignored"}
    written = cells.get("address", "").removeprefix("mailto:")
    name = cells.get("name") or " ".join(filter(None, map(cells.get, ("given", "family"))))
    if mailbox := _mailbox(written):
        written, name = mailbox[1], name or mailbox[0]
    address = None if written.startswith(FORMULA) else read_address(written)
    if address is None:
        return None
    return Person(row.line, address, _line(name), _line(cells.get("affiliation", "")), _line(cells.get("role", "")))


def _line(text: str) -> str:
    """As somebody may be called; empty if too long, damaged, or a formula: who is invited writes it themselves."""
    try:
        line = clean_line(text[:LONGEST_CELL])
    except UnusableText:
        return ""
    return "" if len(line) > LONGEST_NAME or line.startswith(FORMULA) else line


def _cell(row: Row, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
