"""Anyone reads the logs, without a cookie; what no log can have costs nothing; a letter taken down is gone there."""

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from letters.base.ledger_logs import queries
from letters.models import Letter
from letters.public.ledger import kept
from tests.clocks import Clock
from tests.ledger_logs.conftest import Append, Signing, tamper
from tests.people import Reader

pytestmark = pytest.mark.django_db

# The fixture of all tests keeps nothing.
KEPT_SECONDS = kept.KEPT_SECONDS
FILES = ["checkpoint", "vkeys.txt", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000"]
FILES += ["tile/entries/001.p/44"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(kept, "time", clock)
    monkeypatch.setattr(kept, "KEPT_SECONDS", KEPT_SECONDS)
    return clock


@pytest.fixture
def log(letter: Letter, append: Append, signs: Signing) -> str:
    append(300)
    signs.run()
    return f"/log/{letter.pk}/"


@pytest.mark.parametrize("file", FILES)
def test_anyone_may_read_and_keep_it(log: str, reader: Reader, file: str) -> None:
    answer = reader.get(f"{log}{file}")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    lasting = "public, max-age=31536000, immutable" if file.startswith("tile/") else ""
    short = {"checkpoint": "public, max-age=5", "vkeys.txt": "public, max-age=300"}
    assert answer.headers["Cache-Control"] == short.get(file, lasting)
    kind = "application/octet-stream" if file.startswith("tile/") else "text/plain; charset=utf-8"
    assert answer.headers["Content-Type"] == kind


def test_a_narrower_tile_is_the_beginning_of_a_wider_one(log: str, reader: Reader) -> None:
    whole = reader.get(f"{log}tile/0/000").content
    assert len(whole) == 8192
    assert reader.get(f"{log}tile/0/000.p/17").content == whole[: 17 * 32]
    entries = reader.get(f"{log}tile/entries/000").content
    assert entries.startswith(reader.get(f"{log}tile/entries/000.p/17").content)


@pytest.mark.parametrize(
    "file",
    [
        "tile/8/000",
        "tile/64/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/" + "x999/" * 900 + "999",
        "tile/7/x999/x999/999",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/017",
        "tile/0/000.p/",
        "tile/entries/000.p/1e2",
        "tile/entries/%D9%A0%D9%A0%D9%A0",
        "tile/entries/../checkpoint",
    ],
)
def test_what_no_log_can_have_is_refused_unread(
    log: str, reader: Reader, django_assert_num_queries: DjangoAssertNumQueries, file: str
) -> None:
    with django_assert_num_queries(0):
        assert reader.get(f"{log}{file}").status_code == 404


@pytest.mark.parametrize(
    "file", ["tile/0/001", "tile/0/001.p/45", "tile/0/002", "tile/2/000.p/1", "tile/entries/x009/999"]
)
def test_what_is_not_signed_yet_costs_one_query(
    log: str, reader: Reader, django_assert_num_queries: DjangoAssertNumQueries, file: str
) -> None:
    with django_assert_num_queries(1):
        assert reader.get(f"{log}{file}").status_code == 404


@pytest.mark.parametrize("file", ["tile/0/000", "tile/entries/000"])
def test_a_full_tile_is_read_once(
    log: str, reader: Reader, django_assert_num_queries: DjangoAssertNumQueries, clock: Clock, file: str
) -> None:
    """Only whether the letter is still public is asked again, after half a second."""
    first = reader.get(f"{log}{file}")
    for seconds, asked in ((0.4, 0), (0.2, 1)):
        clock.now += seconds
        with django_assert_num_queries(asked):
            again = reader.get(f"{log}{file}")
        assert (again.content, again.headers) == (first.content, first.headers)


@pytest.mark.parametrize("file", ["checkpoint", "vkeys.txt", "tile/0/002"])
def test_what_may_change_is_asked_each_time(log: str, reader: Reader, file: str) -> None:
    reader.get(f"{log}{file}")
    assert not kept._kept


def test_a_head_request_leaves_the_tile_complete_for_others(log: str, reader: Reader) -> None:
    reader.client.head(f"{log}tile/0/000")
    assert len(reader.get(f"{log}tile/0/000").content) == 8192


def test_few_files_are_kept(log: str, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_KEPT", 1)
    for file in ("tile/0/000", "tile/entries/000"):
        assert reader.get(f"{log}{file}").status_code == 200
    assert [*kept._kept] == [f"{log}tile/entries/000"]


@pytest.mark.parametrize(
    ("damage", "file"),
    [
        ("DELETE FROM letters_ledgerentry WHERE index = 290", "tile/entries/001.p/44"),
        ("DELETE FROM letters_ledgerentry WHERE index = 7", "tile/entries/000"),
        ("UPDATE letters_ledgertile SET data = substring(data for 64)", "tile/0/001.p/44"),
        ("DELETE FROM letters_ledgertile", "tile/0/000"),
    ],
)
def test_what_is_no_longer_whole_is_not_served_because_caches_would_keep_it(
    log: str, reader: Reader, damage: str, file: str
) -> None:
    assert "immutable" in reader.get(f"{log}{file}").headers["Cache-Control"]
    queries._full.clear()
    tamper(damage)
    answer = reader.get(f"{log}{file}")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_the_memory_for_tiles_is_limited(log: str, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MAX_FULL", 1)
    for file in ("tile/0/000", "tile/entries/000"):
        assert reader.get(f"{log}{file}").status_code == 200
    assert len(queries._full) == 1


@pytest.mark.parametrize("name", ["0", "01", "999999999999999999", "9" * 30, "site.7", "drafts", "../1"])
def test_there_is_no_other_log(log: str, reader: Reader, name: str) -> None:
    assert reader.get(f"/log/{name}/checkpoint").status_code == 404


@pytest.mark.parametrize("file", FILES)
def test_of_a_letter_that_was_taken_down_nothing_is_served(
    log: str, letter: Letter, reader: Reader, clock: Clock, file: str
) -> None:
    reader.get(f"{log}{file}")
    Letter.objects.filter(pk=letter.pk).update(status=Letter.Status.TAKEN_DOWN)
    clock.now += 0.6
    answer = reader.get(f"{log}{file}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (410, "no-store")
    assert answer.content == b"The site has taken this letter down.\n"


def test_the_addresses_are_those_of_the_specification(letter: Letter) -> None:
    assert reverse("log_checkpoint", kwargs={"name": letter.pk}) == f"/log/{letter.pk}/checkpoint"
