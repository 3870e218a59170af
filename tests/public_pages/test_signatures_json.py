"""The public list as JSON: the same rows as the CSV, page by page, and no time more exact than a day."""

import csv
import io
import json
from typing import Any

import pytest
from limits import parse
from pytest_django import Settings

from letters.models import Letter, Signature
from letters.public.public_pages import list_rows
from tests.people import Reader, add_confirmed, add_published, kept_pages, publish


def pages_of(letter: Letter, reader: Reader) -> list[dict[str, Any]]:
    url, pages = letter.url_of("signatures_json"), []
    while url:
        pages.append(json.loads(reader.get(url).getvalue()))
        older = pages[-1]["older"]
        url = older and older[older.index("/letters/") :]
    return pages


def test_the_rows_are_those_of_the_csv(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 2, affiliation="City Hospital", role="Nurse")
    add_confirmed(letter, 1, display="organizers", affiliation="Secret Society")
    add_confirmed(letter, 1, display="nobody")
    publish()
    (page,) = pages_of(letter, reader)
    text = b"".join(reader.get(letter.url_of("signatures_csv"))).decode("utf-8-sig")
    in_csv = list(csv.DictReader(io.StringIO(text)))
    in_json = [{name: str(value) for name, value in row.items()} for row in reversed(page["signatures"])]
    assert in_json == in_csv
    assert "Secret" not in json.dumps(page)


def test_all_pages_together_hold_each_number_once(
    letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_rows, "JSON_PAGE_LENGTH", 20)
    add_published(letter, 50)
    pages = pages_of(letter, reader)
    assert [len(page["signatures"]) for page in pages] == [20, 20, 10]
    numbers = [row["number"] for page in pages for row in page["signatures"]]
    assert numbers == list(range(50, 0, -1))
    assert {page["published"] for page in pages} == {50}


def test_a_signature_that_left_is_not_in_the_data(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    Signature.objects.filter(number=2).update(state="withdrawn", name="", address_hash=None)
    publish()
    (page,) = pages_of(letter, reader)
    assert [row["number"] for row in page["signatures"]] == [3, 1]
    assert page["published"] == 2


def test_rows_hold_days_and_no_times(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    (page,) = pages_of(letter, reader)
    assert {len(row["published_on"]) for row in page["signatures"]} == {len("2025-03-03")}


@pytest.mark.parametrize("before", ["", "0", "-1", "abc", "9" * 400, "%00"])
def test_an_impossible_page_is_a_404(letter: Letter, reader: Reader, before: str) -> None:
    assert reader.get(f"{letter.url_of('signatures_json')}?before={before}").status_code == 404


def test_each_page_is_kept_by_itself(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    url = letter.url_of("signatures_json")
    first, second = reader.get(url), reader.get(f"{url}?before=3")
    assert len(json.loads(first.content)["signatures"]) == 3
    assert len(json.loads(b"".join(second))["signatures"]) == 2
    assert reader.get(url, if_none_match=first.headers["ETag"]).status_code == 304


def test_older_pages_are_not_kept_in_memory_and_a_network_gets_so_many(
    letter: Letter, reader: Reader, settings: Settings
) -> None:
    add_published(letter, 9)
    settings.LIMIT_SEARCHES = parse("3/hour")
    url = letter.url_of("signatures_json")
    answers = [reader.get(f"{url}?before={number}").status_code for number in (9, 8, 7, 6)]
    assert answers == [200, 200, 200, 429]
    assert not [path for path in kept_pages().pages if "before" in path]
    assert reader.get(url).status_code == 200
