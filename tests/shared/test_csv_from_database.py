"""PostgreSQL writes the same CSV as we do, whatever the text: the same quotes, line ends and apostrophes."""

import pytest
from django.db.models import CharField, F, Value
from django.db.models.functions import TruncDate
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from letters.models import Collective
from letters.shared.csv_from_database import LETTERS, SPACES, csv_from_database
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
    return csv_from_database(Collective.objects.filter(slug="one"), columns).text


@pytest.fixture(autouse=True)
def one_row() -> None:
    Collective.objects.create(name="One", slug="one", created_at=NOW)


@limits(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXT, TRICKY)
def test_cells_are_those_of_python(any_text: str, tricky: str) -> None:
    assert in_database(any_text, tricky).decode() == csv_lines([[any_text, tricky]])


@limits(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.lists(TRICKY, min_size=1, max_size=4))
def test_rows_come_in_the_order_of_the_first_column_with_their_number(texts: list[str]) -> None:
    Collective.objects.all().delete()
    Collective.objects.bulk_create(
        Collective(name=f"{text}.", slug=f"slug{place}", created_at=NOW) for place, text in enumerate(texts)
    )
    written = csv_from_database(Collective.objects.order_by("-pk"), [F("pk"), F("name"), TruncDate("created_at")])
    rows = Collective.objects.order_by("pk").values_list("pk", "name")
    assert written.text.decode() == csv_lines([pk, name, NOW.date()] for pk, name in rows)
    assert written.number == len(texts)


def test_a_query_without_rows_gives_no_line() -> None:
    written = csv_from_database(Collective.objects.filter(slug="none"), [F("pk"), F("name")])
    assert (written.text, written.number) == (b"", 0)


def test_a_cell_without_a_value_is_empty() -> None:
    """The site has not cleared this collective."""
    written = csv_from_database(Collective.objects.filter(slug="one"), [F("slug"), TruncDate("cleared_at")])
    assert written.text.decode() == csv_lines([["one", ""]])


def test_no_dangerous_character_counts_as_a_letter() -> None:
    fast = {chr(code) for first, last in LETTERS for code in range(first, last + 1)}
    assert not fast & {*SPACES, *BEGINS_A_LINE, *BEGINS_FORMULA}


def test_every_space_of_python_is_known() -> None:
    assert [chr(code) for code in range(0x110000) if chr(code).isspace()] == SPACES
