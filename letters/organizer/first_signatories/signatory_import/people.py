"""Turn rows into people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from letters.base.site_lists.queries import meant_by
from letters.organizer.first_signatories.signatory_import.cells import (
    FORMULA,
    MAX_IN_OTHER_SCRIPTS,
    addresses_in,
    count_in_other_scripts,
)
from letters.organizer.first_signatories.signatory_import.headings import is_family_first
from letters.organizer.first_signatories.signatory_import.limits import MAX_CELL_LENGTH, MAX_NAME_LENGTH
from letters.organizer.first_signatories.signatory_import.rows import Row, cell_at, parse_mailbox
from letters.shared.addresses import Address, read_address
from letters.shared.text import UnusableText, clean_line

# Titles that do not belong in a signature.
PLAIN_TITLES = {
    *["mr", "mrs", "ms", "miss", "mx", "herr", "frau", "sig", "sig.ra", "signor", "signora", "m", "mme", "mlle"],
    *["monsieur", "madame", "sr", "sra", "srta", "senhor", "senhora", "dhr", "mevr", "pan", "pani"],
}

# In Chinese, Japanese and Korean names the family name comes first, with no space after it.
EASTERN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u3005\uf900-\ufaff]+")


@dataclass(frozen=True)
class Person:
    """One person as the list describes them."""

    line: int
    address: Address
    name: str = ""
    affiliation: str = ""
    role: str = ""


@dataclass(frozen=True)
class ParsedList:
    """The people on a list, and the line numbers of rows that contain nobody, or a person from an earlier row."""

    people: list[Person] = field(default_factory=list)
    without_address: list[int] = field(default_factory=list)
    doubles: list[int] = field(default_factory=list)
    # Lines with several addresses in one cell. The first address is used.
    several: list[int] = field(default_factory=list)
    # Lines whose address looks mistyped. It is not corrected: we never send to an address that is not on the list.
    slips: list[int] = field(default_factory=list)


def read_people(rows: Sequence[Row], columns: Sequence[str], *, has_heading: bool) -> ParsedList:
    """Read the people from rows whose columns have these meanings. Never raises; rows without a person are listed."""
    parsed_list, seen, in_other_scripts = ParsedList(), set(), 0
    halves = [place for place, meaning in enumerate(columns) if meaning in {"given", "family"}]
    family_first = has_heading and bool(rows) and any(is_family_first(cell_at(rows[0], place)) for place in halves)
    for row in rows[1 if has_heading else 0 :]:
        cells = {meaning: cell_at(row, place) for place, meaning in enumerate(columns) if meaning != "ignored"}
        in_other_scripts += count_in_other_scripts(cells.get("address", ""))
        addresses = addresses_in(cells.get("address", "")) if in_other_scripts <= MAX_IN_OTHER_SCRIPTS else []
        if not addresses:
            parsed_list.without_address.append(row.line)
        elif addresses[0].canonical in seen:
            parsed_list.doubles.append(row.line)
        else:
            seen.add(addresses[0].canonical)
            parsed_list.people.append(_person(row, cells, addresses[0], family_first=family_first))
            if len(addresses) > 1:
                parsed_list.several.append(row.line)
            if meant_by(addresses[0].deliverable):
                parsed_list.slips.append(row.line)
    return parsed_list


def _person(row: Row, cells: Mapping[str, str], address: Address, *, family_first: bool) -> Person:
    name = _name(cells, family_first=family_first)
    if not name and (mailbox := parse_mailbox(cells["address"])):
        name = mailbox[0]
    # Privacy: a name may become public, an address must never.
    if "@" in name and any(map(read_address, name.split())):
        name = ""
    return Person(row.line, address, _line(name), _line(cells.get("affiliation", "")), _line(cells.get("role", "")))


def _name(cells: Mapping[str, str], *, family_first: bool) -> str:
    """Join the name from its columns, or take it from one column."""
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
    """Return a usable line, or "" if it is too long, damaged or a formula. The invited person then fills it in."""
    try:
        line = clean_line(text[:MAX_CELL_LENGTH])
    except UnusableText:
        return ""
    return "" if len(line) > MAX_NAME_LENGTH or line.startswith(FORMULA) else line
