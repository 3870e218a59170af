"""How the count has grown: by days, from one snapshot, and without the day on which anyone left."""

import csv
import io
import json
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from letters.models import Letter, LetterHour, Signature
from tests.people import NOW, Reader, add_confirmed, add_published, publish, words

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def of_days(letter: Letter, reader: Reader) -> list[list[str]]:
    text = reader.get(f"/letters/{letter.slug}/count/history.csv").content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture
def grown(letter: Letter) -> Letter:
    """Three signatures on the first day, none on the second, two on the third."""
    for number, day in [(3, 0), (2, 2)]:
        add_confirmed(letter, number, now=NOW + day * DAY)
        publish(now=NOW + day * DAY)
    letter.refresh_from_db()
    return letter


def test_each_day_has_its_new_signatures_and_the_sum_so_far(grown: Letter, reader: Reader) -> None:
    assert of_days(grown, reader) == [
        ["day", "new", "so_far"],
        *[["2025-03-03", "3", "3"], ["2025-03-04", "0", "3"], ["2025-03-05", "2", "5"]],
    ]


def test_page_csv_and_json_say_the_same(grown: Letter, reader: Reader) -> None:
    data = json.loads(reader.get(f"/letters/{grown.slug}/count/history.json").content)
    assert [list(map(str, day.values())) for day in data["days"]] == of_days(grown, reader)[1:]
    assert (data["published"], data["withdrawn"], data["removed"], data["version"]) == (5, 0, 0, grown.version)
    page = words(reader.get(grown.url_of("count_history")))
    assert "Mar 5, 2025 2 5 Mar 4, 2025 0 3 Mar 3, 2025 3 3" in page


@pytest.mark.parametrize("state", ["withdrawn", "rejected"])
def test_nobody_learns_on_which_day_a_signature_left(grown: Letter, reader: Reader, state: str) -> None:
    before = of_days(grown, reader)
    Signature.objects.filter(number=2).update(state=state, name="", address_hash=None)
    publish(now=NOW + 9 * DAY)
    assert of_days(grown, reader) == before
    data = json.loads(reader.get(f"/letters/{grown.slug}/count/history.json").content)
    assert data["published"] == 4
    assert "4 count today." in words(reader.get(grown.url_of("count_history")))


def test_the_unit_does_not_change_when_a_signature_leaves(grown: Letter, reader: Reader) -> None:
    before = words(reader.get(grown.url_of("count_history")))
    Signature.objects.filter(number=2).update(state="withdrawn", name="", address_hash=None)
    publish(now=NOW + 120 * DAY)
    after = words(reader.get(grown.url_of("count_history")))
    assert "New each day" in before
    assert "New each day" in after


def test_no_hour_is_shown(letter: Letter, reader: Reader) -> None:
    for hour in range(5):
        add_confirmed(letter, 1, now=NOW + timedelta(hours=hour))
        publish(now=NOW + timedelta(hours=hour))
    assert LetterHour.objects.count() == 5
    assert of_days(letter, reader)[1:] == [["2025-03-03", "5", "5"]]
    for name in ("history.csv", "history.json", "history/"):
        assert ":00" not in reader.get(f"/letters/{letter.slug}/count/{name}").content.decode()


def test_a_letter_that_nobody_has_signed_has_one_empty_day(letter: Letter, reader: Reader) -> None:
    assert of_days(letter, reader)[1:] == [["2025-03-03", "0", "0"]]
    assert reader.get(letter.url_of("count_history")).status_code == 200


def test_a_draft_and_an_unknown_letter_have_no_history(reader: Reader) -> None:
    for name in ("history.csv", "history.json", "history/"):
        assert reader.get(f"/letters/nothing/count/{name}").status_code == 404


def test_other_sites_may_read_the_data(grown: Letter, reader: Reader) -> None:
    for name in ("history.csv", "history.json"):
        answer = reader.get(f"/letters/{grown.slug}/count/{name}")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"].startswith("public")
        again = reader.get(f"/letters/{grown.slug}/count/{name}", if_none_match=answer.headers["ETag"])
        assert again.status_code == 304


def test_the_page_costs_the_same_for_one_signature_and_for_many(
    letter: Letter, reader: Reader, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_published(letter, 200)
    with django_assert_max_num_queries(8):
        reader.get(letter.url_of("count_history"))
