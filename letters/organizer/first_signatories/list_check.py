"""Show how a list was read: every line with its problem, if any. Lines with problems come first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from letters.organizer.first_signatories.paging import ListPage, page_in
from letters.organizer.first_signatories.queries import SortedOut
from letters.organizer.first_signatories.signatory_import import ParsedList, Person, Row

# Cells are cut after this for a line in which no person was found.
CELLS_SHOWN = 160

Problem = Literal["", "no_address", "double", "several", "slip", "elsewhere", "left_out"]


@dataclass(frozen=True)
class CheckedLine:
    line: int
    # None if the line contains no person, or the organizer left it out. `cells` then holds its text.
    person: Person | None
    cells: str
    problem: Problem


def check_page(
    rows: Sequence[Row], parsed: ParsedList, sorted_out: SortedOut, left_out: Collection[int], page: int
) -> ListPage[CheckedLine]:
    """Return one page of the lines. `rows` has no heading."""
    problems = _problems(parsed, sorted_out, left_out)
    ranked = sorted(rows, key=lambda row: (row.line not in problems, row.line))
    number, pages, shown = page_in(len(ranked), page)
    people = {person.line: person for person in parsed.people}
    lines = [
        CheckedLine(row.line, people.get(row.line), _cells(row), problems.get(row.line, "")) for row in ranked[shown]
    ]
    return ListPage(lines, number, pages, len(ranked))


def _problems(parsed: ParsedList, sorted_out: SortedOut, left_out: Collection[int]) -> Mapping[int, Problem]:
    """Return the problem of each line that has one, the worst if it has several."""
    kinds: list[tuple[Problem, Collection[int]]] = [
        ("several", parsed.several),
        ("slip", parsed.slips),
        ("elsewhere", sorted_out.elsewhere),
        ("double", parsed.doubles),
        ("no_address", parsed.without_address),
        ("left_out", left_out),
    ]
    return {line: problem for problem, lines in kinds for line in lines}


def _cells(row: Row) -> str:
    return " · ".join(filter(None, row.cells))[:CELLS_SHOWN]
