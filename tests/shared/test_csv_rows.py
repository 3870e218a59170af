import csv
import io
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.shared.csv_rows import csv_lines, safe_cell


@pytest.mark.parametrize(
    "text",
    ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"],
)
def test_a_cell_that_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"), [("Ada", "Ada"), ("a=1", "a=1"), ("", ""), (None, ""), (-1, "-1"), (7, "7")]
)
def test_every_other_cell_stays_the_same(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4), max_size=4))
def test_written_cells_can_be_read_again_and_none_begins_a_formula(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_lines(rows), newline="")))
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [text.removeprefix("'") for text in row] for row in rows
    ]
    assert not [
        cell for row in read for cell in row if cell.lstrip(string.whitespace)[:1] in ("=", "+", "-", "@") and cell
    ]


def test_a_semicolon_does_not_start_a_cell() -> None:
    assert csv_lines([["a;=1", 'b"']]) == '"a;=1","b"""\r\n'
