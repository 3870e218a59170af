"""Guess what each column holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from letters.organizer.first_signatories.signatory_import.cells import addresses_in, is_in_other_script
from letters.organizer.first_signatories.signatory_import.headings import is_half, meaning_of
from letters.organizer.first_signatories.signatory_import.limits import SAMPLE
from letters.organizer.first_signatories.signatory_import.rows import Row, cell_at

MOMENT = re.compile(r"\d[/.:-]\d")

MAX_TITLE_LENGTH = 60

TITLE = re.compile(
    r"(mrs?|ms|miss|mx|herr|frau|sig(nora?|\.ra)?|m|mme|mlle|monsieur|madame|sra?|srta|dhr|mevr|pani?"
    r"|prof(essor(in)?)?|professore(ssa)?|dr|dott(\.ssa|oressa|ore)?|ing|avv|arch|rev|sir|dame|lord|lady|univ|hon|ph\.?d)"
    r"[. ]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Guess:
    """The likely meaning of each column (MEANINGS in headings.py), and whether the first row is a heading."""

    columns: list[str]
    has_heading: bool


def guess_columns(rows: Sequence[Row]) -> Guess:
    """Guess the columns from their cells and headings. Headings are only a hint; for addresses, the cells decide."""
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
    """Give each meaning to one column: one that is not empty, and among these the one with the clearest heading."""
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
    """Return whether a column with another heading holds addresses, for example a user name."""
    cells = _cells(body, place)
    return meaning != "address" and bool(cells) and sum(map(_holds_address, cells)) * 2 > len(cells)


def _cells(body: Sequence[Row], place: int) -> list[str]:
    """Return the cells of a column that are not empty."""
    return [cell for row in body if (cell := cell_at(row, place))]


def _holds_address(cell: str) -> bool:
    # Denial of service: parsing an address in another script takes milliseconds, and guessing looks at many cells.
    if is_in_other_script(cell):
        return "." in cell
    return "@" in cell and bool(addresses_in(cell))


def _fullest(body: Sequence[Row], width: int, scores: Sequence[int]) -> int | None:
    """Return the column with the most addresses, if any has some. If two have equally many, take the better heading."""
    found = [sum(1 for row in body if _holds_address(cell_at(row, place))) for place in range(width)]
    best = max(range(width), key=lambda place: (found[place], scores[place], -place))
    return best if found[best] else None


def _tell_titles(columns: list[str], named: Sequence[tuple[str, int]], body: Sequence[Row]) -> None:
    """Decide by the cells whether "Title" means Prof. or director: lists use it for both."""
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
    """If a plain "name" is beside one half of a name, read it as the other half, like Nom beside Prénom."""
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
    """Without any hint, take the first column of words as the name; without a heading, the next as the affiliation."""
    wanted = ["name"] if has_heading else ["name", "affiliation"]
    for place, column in enumerate(columns):
        words = _cells(body, place)
        if wanted and column == "ignored" and words and all(map(_looks_like_words, words)):
            columns[place] = wanted.pop(0)


def _looks_like_words(cell: str) -> bool:
    """Return whether a cell holds neither an address nor a number nor a date."""
    return "@" not in cell and any(map(str.isalpha, cell)) and not MOMENT.search(cell)
