"""Lists made to be slow to read: the work is limited, whatever two megabytes contain."""

from typing import Any

import pytest
from email_validator import validate_email

from letters.organizer.first_signatories import signatory_import
from letters.organizer.first_signatories.signatory_import import (
    MAX_IN_OTHER_SCRIPTS,
    guess_columns,
    read_people,
    read_rows,
)
from letters.shared.text import looks_like_link, without_links
from tests.effort import effort

COLUMNS = ["name", "address"]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record every text that the code passes to the slow library."""
    asked: list[str] = []

    def counted(text: str, **options: Any) -> Any:
        asked.append(text)
        return validate_email(text, **options)

    monkeypatch.setattr("letters.shared.addresses.validate_email", counted)
    return asked


def people_of(cells: list[str]) -> signatory_import.ParsedList:
    rows = read_rows("Name\tEmail\n" + "".join(f"Ada\t{cell}\n" for cell in cells))
    return read_people(rows, COLUMNS, has_heading=True)


def test_only_a_few_addresses_of_a_crowded_cell_are_read(checked: list[str]) -> None:
    parsed_list = people_of(["; ".join(["ada@example.org"] * 60)] * 100)
    assert len(parsed_list.people) == 1
    assert len(checked) <= 100 * (signatory_import.MAX_PARTS + 1)


def test_only_a_few_addresses_of_a_crowded_line_are_read_and_the_line_is_named(checked: list[str]) -> None:
    parsed_list = people_of([" ".join(f"ada{number}@example.org" for number in range(40))])
    assert [person.address.deliverable for person in parsed_list.people] == ["ada0@example.org"]
    assert len(parsed_list.several) == 1
    assert len(checked) <= 2 * signatory_import.MAX_PARTS + 2


@pytest.mark.parametrize(
    "made", ["ada@{0}" + ".bücherbücher" * 8 + ".de", "ä{0}@example.org", "a\u0323\u0307b" * 90 + "{0}@example.org"]
)
def test_addresses_in_other_scripts_are_read_up_to_a_limit_and_the_rest_is_named(made: str, checked: list[str]) -> None:
    parsed_list = people_of([made.format(number) for number in range(MAX_IN_OTHER_SCRIPTS + 50)])
    assert len({text for text in checked if not text.isascii()}) <= MAX_IN_OTHER_SCRIPTS
    assert len(parsed_list.without_address) >= 50


def test_columns_are_guessed_without_reading_addresses_in_other_scripts(checked: list[str]) -> None:
    cell = " ".join(["a1@пример.рф"] * 4)
    rows = read_rows("x\t" + "\t".join(["Адрес"] * 40) + "\n" + ("Ada" + f"\t{cell}" * 40 + "\n") * 50)
    assert "address" in guess_columns(rows).columns
    assert [text for text in checked if not text.isascii()] == []


def test_several_addresses_in_another_script_in_one_cell_count_as_several(checked: list[str]) -> None:
    people_of(
        [" ".join(f"a{number}-{place}@пример.рф" for place in range(4)) for number in range(MAX_IN_OTHER_SCRIPTS)]
    )
    assert len({text for text in checked if not text.isascii()}) <= 2 * MAX_IN_OTHER_SCRIPTS


@pytest.mark.parametrize("around", ["Zoë <{0}>", "\u200b{0}\u200b", "„{0}“", "«{0}»", "{0} (privé)", "\u00a0{0}"])
def test_text_around_an_address_in_any_script_does_no_harm(around: str) -> None:
    number = MAX_IN_OTHER_SCRIPTS + 50
    assert len(people_of([around.format(f"ada{each}@example.org") for each in range(number)]).people) == number


def test_a_cell_without_an_at_sign_is_never_read_as_an_address(checked: list[str]) -> None:
    rows = read_rows("Name\tEmail\n" + "Ada\ta\u0323\u0307b\n" * 100)
    guess_columns(rows)
    read_people(rows, COLUMNS, has_heading=True)
    assert checked == []


# A pattern that starts again at each letter would take a hundred seconds for each of these.
@pytest.mark.parametrize("unit", ["a", "a-", "a.b", "a1"])
def test_an_endless_word_is_searched_once(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert effort(lambda: without_links(text)) < 40


@pytest.mark.parametrize("text", ["https://x", "HTTP://x", "a+b.c-d://x", "go to ftp:／／x"])  # noqa: RUF001 -- meant
def test_a_scheme_is_still_a_link(text: str) -> None:
    assert looks_like_link(text)


def test_two_slashes_alone_are_not_a_link() -> None:
    assert not looks_like_link("either // or")
    assert not looks_like_link("ratio ://")
