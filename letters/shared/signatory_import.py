"""Lists of people that somebody pastes or exports: read whatever they look like, without running or believing anything.

Three steps: `decode` makes text of a file, `read_rows` rows of the text, and `read_people` people of the rows, once
somebody has looked at what the columns were taken for. All are bounded by MAX_BYTES and MAX_ROWS.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from letters.shared.address_typos import likely_meant
from letters.shared.addresses import INVISIBLE, Address, read_address
from letters.shared.column_headings import is_family_first, is_half, meaning_of
from letters.shared.text import UnusableText, clean_line

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 5000
# Exports of address books have 90 and more.
MAX_COLUMNS = 256
# As much of a cell is looked at; names and affiliations are shorter (Signature).
MAX_CELL_LENGTH = 1000
MAX_NAME_LENGTH = 200
MAX_TITLE_LENGTH = 60
# How many rows are looked at to find out what a list looks like.
SAMPLE = 50

ZIP, OLE, PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"
BETWEEN_MAILBOXES = re.compile(r">[ \t]*[,;][ \t]*(?=[^\s])")
MOMENT = re.compile(r"\d[/.:-]\d")
# What a spreadsheet takes for the beginning of a formula, wide forms included.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 -- these wide forms are meant


# What somebody may say a file is written in, by the names of Python's codecs.
ENCODINGS = {
    "utf-8": "UTF-8",
    "windows-1252": "Windows-1252",
    "mac-roman": "Mac Roman",
    "windows-1250": "Windows-1250",
    "windows-1251": "Windows-1251",
    "windows-1253": "Windows-1253",
    "windows-1254": "Windows-1254",
    "windows-1256": "Windows-1256",
    "iso-8859-2": "ISO 8859-2",
    "latin-1": "ISO 8859-1",
    "utf-16": "UTF-16",
    "shift-jis": "Shift JIS",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "euc-kr": "EUC-KR",
}
# Between one cell and the next.
DELIMITERS = ",;\t|"
SEPARATOR = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)
# Under a Markdown table's heading: |---|:--:|
RULE = re.compile(r":?-{2,}:?")
# Between several addresses in one cell; Google writes " ::: ".
BETWEEN_ADDRESSES = re.compile(r"[,;|\r\n]|:::|\s/\s")
# Denial of service: an address takes a tenth of a millisecond to read, one in another script five, and a list may hold
# a quarter of a million. Of a cell the first address is taken, so this many parts are looked at; and of addresses in
# other scripts this many are read. The rest are lines without an address, which the page names.
MAX_PARTS = 4
MAX_IN_OTHER_SCRIPTS = 200
# No punctuation of any script, and no wide form of ASCII.
OTHER_SCRIPTS = re.compile("[^\x00-\x7f\u00a0\u00ab\u00b7\u00bb\u2000-\u206f\u3000-\u303f\uff01-\uff5e]")
# As it is typed, as East Asian keyboards type it, and as it stands in a link.
AT_SIGNS = ("@", "\uff20", "\ufe6b", "%40")
# As in: ada@example.org (work)
REMARK = re.compile(r"[ \t]{0,9}[(\[][^()\[\]@]{0,99}[)\]][ \t]{0,9}\Z")
# Titles that people sign without.
PLAIN_TITLES = {
    *["mr", "mrs", "ms", "miss", "mx", "herr", "frau", "sig", "sig.ra", "signor", "signora", "m", "mme", "mlle"],
    *["monsieur", "madame", "sr", "sra", "srta", "senhor", "senhora", "dhr", "mevr", "pan", "pani"],
}
TITLE = re.compile(
    r"(mrs?|ms|miss|mx|herr|frau|sig(nora?|\.ra)?|m|mme|mlle|monsieur|madame|sra?|srta|dhr|mevr|pani?"
    r"|prof(essor(in)?)?|professore(ssa)?|dr|dott(\.ssa|oressa|ore)?|ing|avv|arch|rev|sir|dame|lord|lady|univ|hon|ph\.?d)"
    r"[. ]*",
    re.IGNORECASE,
)
# Chinese, Japanese and Korean names have the family first, and nothing between its halves.
EASTERN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u3005\uf900-\ufaff]+")


class UnreadableList(ValueError):
    """Nothing can be made of it; `code` says why, for example "workbook" or "too_many_rows"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file, and how it was written if that is worth saying ("windows-1252", "utf-16"), else nothing.

    Raises UnreadableList for what is no text, or more than MAX_BYTES.
    """
    if len(content) > MAX_BYTES:
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


def read_again(text: str, was: str, now: str) -> str:
    """A text that was taken to be written in one encoding, read in another. Raises UnreadableList ("encoding").

    The bytes are had again from the text: what `decode` says of them takes every byte for some character.
    """
    if now == was or now not in ENCODINGS:
        return text
    try:
        again = text.encode(was or "utf-8").decode(now).lstrip("\ufeff")
    except (UnicodeError, LookupError) as damage:
        raise UnreadableList("encoding") from damage
    if "\0" in again or not again.strip():
        raise UnreadableList("encoding")
    return again


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
    if len(rows) > MAX_ROWS + 1:  # A heading is no person.
        raise UnreadableList("too_many_rows")
    if max(len(row.cells) for row in rows) > MAX_COLUMNS:
        raise UnreadableList("too_many_columns")
    return rows


def _mailboxes(text: str) -> list[Row]:
    """Lines like `Ada Lovelace <ada@example.org>`, if most are: each as a name and an address."""
    if "<" not in text:
        return []
    lines = BETWEEN_MAILBOXES.sub(">\n", text).splitlines()
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()][: MAX_ROWS + 2]
    found = [(number, line, _mailbox(line)) for number, line in numbered]
    if sum(1 for *_, mailbox in found if mailbox) * 2 < len(found):
        return []
    return [Row(number, mailbox or ["", line.strip(" \t,;")[:MAX_CELL_LENGTH]]) for number, line, mailbox in found]


def _mailbox(text: str) -> list[str] | None:
    """The name and the address in `Ada Lovelace <ada@example.org>`, if it looks like that."""
    line = text[:MAX_CELL_LENGTH].strip().rstrip(" \t,;")
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
    if named := SEPARATOR.match(text):  # Excel's own first line says what is between the cells.
        head, text = head[named.end() :], "\n" + text[named.end() :]
        delimiter = named[1]
    else:
        delimiter = max(DELIMITERS, key=lambda each: _regularity(head, each))
    try:
        rows = _parsed(text, delimiter, strict=True)
    except csv.Error:
        # A quotation mark that is opened and not closed would swallow all that follows: then it is a mark like others.
        rows = _with_marks(text, delimiter)
    return _flattened(_without_frame(rows) if delimiter == "|" else rows)


def _without_frame(rows: list[Row]) -> list[Row]:
    """A table of Markdown without its outer lines, and without the line under its heading."""
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
        tidy = [cell.strip(' \t\r\n"' if not strict else " \t\r\n")[:MAX_CELL_LENGTH] for cell in cells]
        if any(tidy):
            rows.append(Row(line, tidy))
        if len(rows) > MAX_ROWS + 1:
            raise UnreadableList("too_many_rows")
        line = reader.line_num + 1
    return rows


def _flattened(rows: list[Row]) -> list[Row]:
    """Addresses side by side, as they are copied from a mail: one to a row."""
    cells = [cell for row in rows for cell in row.cells if cell]
    if len(cells) > len(rows) and all("@" in cell for cell in cells):
        return [Row(row.line, [cell]) for row in rows for cell in row.cells if cell]
    return rows


@dataclass(frozen=True)
class Guess:
    """What the columns of a list seem to hold (MEANINGS of headings.py), and whether its first row only names them."""

    columns: list[str]
    has_heading: bool


def guess_columns(rows: Sequence[Row]) -> Guess:
    """By what stands in them, and by their headings. Headings only suggest: where the addresses are, the rows say."""
    width = max(len(row.cells) for row in rows)
    first = rows[0].cells
    named = [meaning_of(cell) for cell in first] + [("ignored", 0)] * (width - len(first))
    has_heading = not any(map(_holds_address, first)) and (
        any(meaning != "ignored" for meaning, _ in named) or (len(rows) > 1 and width > 1)
    )
    body = list(rows[1 if has_heading else 0 :][:SAMPLE])
    columns = _each_once(named, body) if has_heading else ["ignored"] * width
    place = _fullest(body, width, [score if meaning == "address" else 0 for meaning, score in named])
    if place is not None:
        columns = ["ignored" if column == "address" else column for column in columns]
        columns[place] = "address"
    _tell_titles(columns, named, body)
    _tell_halves(columns, first)
    if not {"name", "given", "family"} & {*columns}:
        _guess_names(columns, body, has_heading=has_heading)
    return Guess(columns, has_heading)


def _each_once(named: Sequence[tuple[str, int]], body: Sequence[Row]) -> list[str]:
    """Each meaning for one column: for one with something in it, and of these for the one whose heading is surest."""
    ranks = {
        place: (bool(_cells(body, place)) or not body, score, -place)
        for place, (meaning, score) in enumerate(named)
        if score and not _is_of_addresses(meaning, body, place)
    }
    best: dict[str, int] = {}
    for place in sorted(ranks, key=lambda each: ranks[each]):
        best[named[place][0]] = place
    return [meaning if best.get(meaning) == place else "ignored" for place, (meaning, _) in enumerate(named)]


def _is_of_addresses(meaning: str, body: Sequence[Row], place: int) -> bool:
    """Whether a column that is said to hold something else holds addresses: a name of a user, for example."""
    cells = _cells(body, place)
    return meaning != "address" and bool(cells) and sum(map(_holds_address, cells)) * 2 > len(cells)


def _cells(body: Sequence[Row], place: int) -> list[str]:
    """What stands in a column, without what is empty."""
    return [cell for row in body if (cell := _cell(row, place))]


def _holds_address(cell: str) -> bool:
    # Denial of service: to read an address in another script takes milliseconds, and a list has many cells to guess by.
    if _is_in_another_script(cell):
        return "." in cell
    return "@" in cell and bool(_addresses(cell))


def _fullest(body: Sequence[Row], width: int, scores: Sequence[int]) -> int | None:
    """The column with the most addresses, if there are any; of two, the one whose heading says so."""
    found = [sum(1 for row in body if _holds_address(_cell(row, place))) for place in range(width)]
    best = max(range(width), key=lambda place: (found[place], scores[place], -place))
    return best if found[best] else None


def _tell_titles(columns: list[str], named: Sequence[tuple[str, int]], body: Sequence[Row]) -> None:
    """Under "Title" stands Prof. in one list, and director in another: so does what the cells hold."""
    for place, (meaning, _) in enumerate(named):
        cells = _cells(body, place)
        if meaning not in {"role", "prefix"} or columns[place] == "address" or not cells:
            continue
        is_title = sum(1 for cell in cells if _is_title(cell)) * 2 > len(cells)
        if is_title and "prefix" not in columns:
            columns[place] = "prefix"
        elif not is_title and columns[place] == "prefix":
            columns[place] = "role" if "role" not in columns else "ignored"
    if "role" not in columns:
        others = [
            place for place, (meaning, _) in enumerate(named) if meaning == "role" and columns[place] == "ignored"
        ]
        for place in others[:1]:
            columns[place] = "role"


def _is_title(cell: str) -> bool:
    return bool(cell) and len(cell) <= MAX_TITLE_LENGTH and re.sub(TITLE, "", cell).strip(" .,") == ""


def _tell_halves(columns: list[str], headings: Sequence[str]) -> None:
    """A bare word for a name beside one half of it is the other: Nom beside Prénom, Nome beside Cognome."""
    if "name" not in columns:
        return
    place = columns.index("name")
    if place >= len(headings) or not is_half(headings[place]):
        return
    if "family" in columns and "given" not in columns:
        columns[place] = "given"
    elif "given" in columns and "family" not in columns:
        columns[place] = "family"


def _guess_names(columns: list[str], body: Sequence[Row], *, has_heading: bool) -> None:
    """Without a word about it, the first column of words is the name; without any heading, the next an affiliation."""
    wanted = ["name"] if has_heading else ["name", "affiliation"]
    for place, column in enumerate(columns):
        words = _cells(body, place)
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
class ParsedList:
    """What a list comes to: the people, and the lines of those rows that are nobody or somebody once more."""

    people: list[Person] = field(default_factory=list)
    without_address: list[int] = field(default_factory=list)
    doubles: list[int] = field(default_factory=list)
    # Lines with several addresses in one cell, of which the first is taken.
    several: list[int] = field(default_factory=list)
    # Lines whose address looks like a slip. It stays as it is: nothing is sent to an address that is not on the list.
    slips: list[int] = field(default_factory=list)


def read_people(rows: Sequence[Row], columns: Sequence[str], *, has_heading: bool) -> ParsedList:
    """The people on a list whose columns have these meanings. Never raises: what is no person is counted as such."""
    parsed_list, seen, in_other_scripts = ParsedList(), set(), 0
    halves = [place for place, meaning in enumerate(columns) if meaning in {"given", "family"}]
    family_first = has_heading and bool(rows) and any(is_family_first(_cell(rows[0], place)) for place in halves)
    for row in rows[1 if has_heading else 0 :]:
        cells = {meaning: _cell(row, place) for place, meaning in enumerate(columns) if meaning != "ignored"}
        in_other_scripts += _addresses_in_another_script(cells.get("address", ""))
        found = _addresses(cells.get("address", "")) if in_other_scripts <= MAX_IN_OTHER_SCRIPTS else []
        if not found:
            parsed_list.without_address.append(row.line)
        elif found[0].canonical in seen:
            parsed_list.doubles.append(row.line)
        else:
            seen.add(found[0].canonical)
            parsed_list.people.append(_person(row, cells, found[0], family_first=family_first))
            if len(found) > 1:
                parsed_list.several.append(row.line)
            if likely_meant(found[0].deliverable):
                parsed_list.slips.append(row.line)
    return parsed_list


def _addresses(cell: str) -> list[Address]:
    """The first address in a cell, and the second if there is one; none if it is a formula.

    Privacy: each stands there as it is. Of "ada lovelace@example.org" the end is an address too, of somebody else.
    """
    if cell.startswith(FORMULA) or not any(sign in cell for sign in AT_SIGNS):
        return []
    if (whole := read_address(cell)) is not None:
        return [whole]
    parts = [part.strip() for part in BETWEEN_ADDRESSES.split(cell) if part.strip()]
    if not parts or not _in_part(parts[0]):
        return []
    found: dict[str, Address] = {}
    for part in parts[:MAX_PARTS]:
        for address in _in_part(part):
            found.setdefault(address.canonical, address)
        if len(found) > 1:
            break
    return list(found.values())


def _addresses_in_another_script(cell: str) -> int:
    """How many a cell seems to hold, at most as many as are read of it; 0 if it is written in ASCII."""
    return sum(map(cell.count, AT_SIGNS)) if _is_in_another_script(cell) else 0


def _is_in_another_script(cell: str) -> bool:
    """Whether an address in it has letters that are not ASCII. (What stands around an address costs little.)"""
    if cell.isascii():
        return False
    words = INVISIBLE.sub("", cell).replace("<", " ").split()
    return any(OTHER_SCRIPTS.search(word) for word in words if any(sign in word for sign in AT_SIGNS))


def _in_part(text: str) -> list[Address]:
    """An address with a remark behind it, or the first of several with nothing but space between them."""
    alone = read_address(REMARK.sub("", text))
    if alone is not None:
        return [alone]
    words = text.split()
    if len(words) < 2 or not all("@" in word for word in words):
        return []
    found = list(map(read_address, words[:MAX_PARTS]))
    return [address for address in found if address] if all(found) else []


def _person(row: Row, cells: Mapping[str, str], address: Address, *, family_first: bool) -> Person:
    name = _name(cells, family_first=family_first)
    if not name and (mailbox := _mailbox(cells["address"])):
        name = mailbox[0]
    # Privacy: a name is public one day, an address must never be.
    if "@" in name and any(map(read_address, name.split())):
        name = ""
    return Person(row.line, address, _line(name), _line(cells.get("affiliation", "")), _line(cells.get("role", "")))


def _name(cells: Mapping[str, str], *, family_first: bool) -> str:
    """As its parts are written one after the other, or as it stands in one column."""
    given, family = cells.get("given", ""), cells.get("family", "")
    name = cells.get("name", "")
    if not name and given and family and EASTERN.fullmatch(given) and EASTERN.fullmatch(family):
        name = family + given
    parts = [given, cells.get("middle", ""), family]
    name = name or " ".join(filter(None, reversed(parts) if family_first else parts))
    if not name:
        return ""
    title = cells.get("prefix", "")
    if title.casefold().rstrip(" .") in PLAIN_TITLES or name.casefold().startswith(title.casefold()):
        title = ""
    suffix = cells.get("suffix", "")
    return " ".join(filter(None, [title, name, "" if name.endswith(suffix) else suffix]))


def _line(text: str) -> str:
    """As somebody may be called; empty if too long, damaged, or a formula: who is invited writes it themselves."""
    try:
        line = clean_line(text[:MAX_CELL_LENGTH])
    except UnusableText:
        return ""
    return "" if len(line) > MAX_NAME_LENGTH or line.startswith(FORMULA) else line


def _cell(row: Row, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
