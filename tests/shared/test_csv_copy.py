"""PostgreSQL writes the same CSV as we do, whatever the text: the same quotes, line ends and apostrophes."""

import pytest
from django.db.models import CharField, Value
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from letters.models import Collective
from letters.shared.csv_copy import LETTERS, SPACES, copy_csv
from letters.shared.csv_rows import BEGINS_A_LINE, BEGINS_FORMULA, csv_lines
from tests.people import NOW

pytestmark = pytest.mark.django_db

# PostgreSQL stores neither NUL nor halves of characters.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
TRICKY = st.text(
    st.sampled_from([*SPACES, *BEGINS_A_LINE, *BEGINS_FORMULA, *"a1'\",;%\\A\x84\xa0\xa1\u1680"]), max_size=4
)


def in_database(*texts: str) -> bytes:
    columns = [Value(text, output_field=CharField()) for text in texts]
    return b"".join(copy_csv(Collective.objects.filter(slug="one"), columns))


@pytest.fixture(autouse=True)
def one_row() -> None:
    Collective.objects.create(name="One", slug="one", created_at=NOW)


@limits(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXT, TRICKY)
def test_cells_are_those_of_python(any_text: str, tricky: str) -> None:
    assert in_database(any_text, tricky).decode() == csv_lines([[any_text, tricky]])


def test_no_dangerous_character_counts_as_a_letter() -> None:
    fast = {chr(code) for first, last in LETTERS for code in range(first, last + 1)}
    assert not fast & {*SPACES, *BEGINS_A_LINE, *BEGINS_FORMULA}


def test_every_space_of_python_is_known() -> None:
    assert [chr(code) for code in range(0x110000) if chr(code).isspace()] == SPACES
