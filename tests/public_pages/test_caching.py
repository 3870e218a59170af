"""A public page is rendered once and sent many times, and is never older than half a second."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from letters.models import Letter, Switch
from letters.public.public_pages import caching
from letters.public.public_pages.caching import (
    CIRCUIT_OPEN_SECONDS,
    FRESH_SECONDS,
    MAX_PAGES,
    STALE_SECONDS,
    PublicPageCache,
    page_etag,
)
from tests.clocks import Clock
from tests.people import Reader, add_published, in_threads, kept_pages, turn, words

PAGES = ["/", "/it/", "/letters/night-trains/", "/it/letters/night-trains/", "/letters/night-trains/signatures/"]
DATA = ["/letters/night-trains/count/"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(caching, "time", clock)
    monkeypatch.setattr(caching, "FRESH_SECONDS", FRESH_SECONDS)
    return clock


# Headers


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_any_cache_may_keep_a_public_page(letter: Letter, reader: Reader, path: str) -> None:
    headers = reader.get(path).headers
    assert headers["Cache-Control"] == "public, max-age=1, stale-if-error=300"
    assert headers["ETag"].startswith('W/"')
    assert headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in headers
    assert "X-Robots-Tag" not in headers


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_a_reader_who_has_the_page_gets_a_304(letter: Letter, reader: Reader, path: str) -> None:
    etag = reader.get(path).headers["ETag"]
    for forget in (False, True):
        if forget:
            kept_pages().pages.clear()
        for wanted in (etag, f'"other", {etag}'):
            answer = reader.get(path, if_none_match=wanted)
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["ETag"] == etag
            assert answer.headers["Cache-Control"] == caching.CACHE_CONTROL
    assert reader.get(path, if_none_match='W/"another"').status_code == 200


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_the_compressed_and_the_plain_page_are_the_same(letter: Letter, reader: Reader, path: str) -> None:
    plain, compressed = reader.get(path), reader.get(path, accept_encoding="br, gzip, deflate")
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed.content) == plain.content
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] == compressed.headers["ETag"]


def test_a_cached_page_is_the_page_that_the_view_rendered(letter: Letter, reader: Reader) -> None:
    first, second = reader.get("/letters/night-trains/"), reader.get("/letters/night-trains/")
    assert first.content == second.content
    assert {**first.headers} == {**second.headers}
    assert "Content-Security-Policy" in second.headers


def test_a_page_first_requested_with_head_is_complete(letter: Letter, reader: Reader) -> None:
    assert reader.client.head("/letters/night-trains/").content == b""
    assert b"Keep the night trains running" in reader.get("/letters/night-trains/").content


@pytest.mark.parametrize(
    ("some", "others"),
    [
        (("letter", 1, 1, ""), ("letter", 1, 2, "")),
        (("letter", 1, 1, ""), ("letter", 2, 1, "")),
        (("letter", 1, 1, ""), ("letter", 1, 1, "it")),
        (("letter", 1, 1, ""), ("count", 1, 1, "")),
        (("letter", 1, 11), ("letter", 11, 1)),
    ],
)
def test_another_page_has_another_etag(some: tuple[object, ...], others: tuple[object, ...]) -> None:
    assert page_etag(*some) == page_etag(*some) != page_etag(*others)


def test_a_release_changes_every_etag(monkeypatch: pytest.MonkeyPatch) -> None:
    before = page_etag("letter", 1)
    monkeypatch.setattr(caching, "code_fingerprint", lambda: "another release")
    assert page_etag("letter", 1) != before


# Time


def test_for_half_a_second_a_page_costs_nothing(
    letter: Letter, reader: Reader, clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for path in [*PAGES, *DATA]:
        reader.get(path)
    clock.now += FRESH_SECONDS
    with django_assert_num_queries(0):
        for path in [*PAGES, *DATA]:
            assert reader.get(path).status_code == 200


def test_an_older_page_is_compared_and_kept_if_nothing_has_changed(
    letter: Letter, reader: Reader, clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    before = reader.get("/letters/night-trains/")
    clock.now += FRESH_SECONDS + 0.01
    with django_assert_num_queries(1):
        assert reader.get("/letters/night-trains/").content == before.content
    clock.now += FRESH_SECONDS
    with django_assert_num_queries(0):
        reader.get("/letters/night-trains/")


def test_a_signature_is_seen_within_half_a_second(letter: Letter, reader: Reader, clock: Clock) -> None:
    reader.read(letter)
    add_published(letter, 1)
    assert "Signer 1" not in reader.read(letter)
    clock.now += FRESH_SECONDS + 0.01
    assert "Signer 1" in reader.read(letter)


def test_a_letter_that_closes_by_the_clock_is_closed_on_its_page(letter: Letter, reader: Reader, clock: Clock) -> None:
    """Nothing is written at that time, so the version stays, but the page must change."""
    assert '<form class="signing"' in reader.read(letter)
    Letter.objects.update(closes_at=timezone.now() - timedelta(seconds=1))
    clock.now += FRESH_SECONDS + 0.01
    assert '<form class="signing"' not in reader.read(letter)


def test_a_deleted_page_is_not_kept(letter: Letter, reader: Reader, clock: Clock) -> None:
    reader.read(letter)
    Letter.objects.update(status="draft")
    clock.now += FRESH_SECONDS + 0.01
    assert reader.get(letter.get_absolute_url()).status_code == 404
    Letter.objects.update(status="published")
    assert reader.get(letter.get_absolute_url()).status_code == 200


# Without the database


@contextmanager
def database_away() -> Iterator[None]:
    """Make queries for letters fail: another connection has locked the table, and queries wait only a moment."""
    other = connection.copy()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE letters_letter IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        other.rollback()
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


@pytest.mark.django_db(transaction=True)
def test_pages_are_shown_for_a_while_without_the_database(letter: Letter, reader: Reader, clock: Clock) -> None:
    before = reader.get("/letters/night-trains/")
    with database_away():
        clock.now += STALE_SECONDS - 1
        stale = reader.get("/letters/night-trains/")
        assert (stale.status_code, stale.content) == (200, before.content)
        clock.now += CIRCUIT_OPEN_SECONDS
        assert reader.get("/letters/night-trains/").status_code == 503
        assert reader.get("/").status_code == 503
    clock.now += FRESH_SECONDS + 0.01
    assert reader.get("/letters/night-trains/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_pages_are_shown_for_the_whole_maintenance(letter: Letter, reader: Reader, clock: Clock) -> None:
    turn(Switch.Name.MAINTENANCE, on=True)
    before = reader.get("/letters/night-trains/")
    with database_away():
        clock.now += 20 * STALE_SECONDS
        stale = reader.get("/letters/night-trains/")
        assert (stale.status_code, stale.content) == (200, before.content)
    turn(Switch.Name.MAINTENANCE, on=False)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_repeatedly_for_an_unavailable_database(
    letter: Letter, reader: Reader, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.get("/letters/night-trains/")
    asked: list[str] = []
    ask = PublicPageCache._ask

    def noted(self: PublicPageCache, request: HttpRequest, *etags: str) -> tuple[HttpResponse, dict[int, int]]:
        asked.append(request.path)
        return ask(self, request, *etags)

    monkeypatch.setattr(PublicPageCache, "_ask", noted)
    with database_away():
        for _ in range(20):
            clock.now += 1
            assert reader.get("/letters/night-trains/").status_code == 200
    assert len(asked) == 20 / CIRCUIT_OPEN_SECONDS


@pytest.mark.django_db(transaction=True)
def test_other_pages_say_that_the_database_is_unavailable_and_are_not_kept(letter: Letter, reader: Reader) -> None:
    with database_away():
        answer = reader.get("/letters/night-trains/")
    assert answer.status_code == 503
    assert "Try again in a minute" in words(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Retry-After"]) > 0
    assert reader.get("/letters/night-trains/").status_code == 200


@pytest.mark.parametrize("cookie", ["csrftoken=broken", "sessionid=x", "sessionid="])
def test_a_broken_cookie_changes_no_page(letter: Letter, cookie: str) -> None:
    visitor = Reader()
    visitor.client.cookies.load(cookie)
    for _ in range(2):
        headers = visitor.get("/letters/night-trains/").headers
        assert headers["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in headers
        assert not visitor.get("/").cookies
    assert kept_pages().pages


@pytest.mark.parametrize("accepted", ["gzip;q=0", "br, gzip; q=0.0", "identity", "x-gzipped"])
def test_a_browser_without_gzip_gets_plain_text(letter: Letter, reader: Reader, accepted: str) -> None:
    assert "Content-Encoding" not in reader.get("/letters/night-trains/", accept_encoding=accepted).headers


# Memory


@pytest.mark.parametrize("mark", ["?utm_source=mail", "?fbclid=abc&ref=1", "?", "?x"])
def test_tracking_parameters_do_not_make_another_page(
    letter: Letter, reader: Reader, mark: str, django_assert_num_queries: DjangoAssertNumQueries, clock: Clock
) -> None:
    reader.get("/letters/night-trains/")
    with django_assert_num_queries(0):
        reader.get(f"/letters/night-trains/{mark}")
    assert len(kept_pages().pages) == 1


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/openapi.json"])
def test_parameters_that_the_docs_of_the_api_ignore_do_not_make_another_page(path: str, reader: Reader) -> None:
    """They would push letters out of the memory."""
    for mark in ("", "?a=1", "?a=2"):
        assert reader.get(f"{path}{mark}").status_code == 200
    assert len(kept_pages().pages) == 1


def test_pages_of_the_list_are_kept_apart(letter: Letter, reader: Reader, clock: Clock) -> None:
    add_published(letter, 201)
    url = letter.url_of("signatures")
    answers = [reader.get(f"{url}{before}") for before in ("", "?before=102", "?before=2", "")]
    assert len({answer.content for answer in answers}) == 3
    assert len({answer.headers["ETag"] for answer in answers}) == 3
    assert answers[0].content == answers[3].content


def test_memory_is_bounded(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PAGES * caching.MAX_PAGE_BYTES <= 256 * 1024 * 1024
    monkeypatch.setattr(caching, "MAX_PAGES", 3)
    for number in range(1, 10):
        reader.get(f"{letter.url_of('signatures')}?before={number}")
    assert len(kept_pages().pages) == 3


def answering(make: Callable[[], HttpResponse]) -> tuple[PublicPageCache, list[HttpRequest]]:
    """The page cache in front of a view, and the requests that have reached the view."""
    reached: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        reached.append(request)
        return make()

    return PublicPageCache(view), reached


def get(cache: PublicPageCache, path: str = "/", **headers: str) -> HttpResponse:
    return cache(RequestFactory().get(path, headers=headers))


def public(content: bytes = b"page", status: int = 200) -> HttpResponse:
    return caching.publish(HttpResponse(content, status=status), page_etag(content))


def with_a_cookie() -> HttpResponse:
    response = public()
    response.set_cookie("session", "secret")
    return response


@pytest.mark.parametrize(
    "make",
    [
        lambda: HttpResponse(b"private"),
        lambda: public(status=404),
        lambda: public(status=301),
        lambda: public(b"x" * (caching.MAX_PAGE_BYTES + 1)),
        with_a_cookie,
    ],
)
def test_only_public_pages_are_kept(make: Callable[[], HttpResponse], clock: Clock) -> None:
    cache, reached = answering(make)
    for _ in range(3):
        get(cache)
    assert len(reached) == 3
    assert not cache.pages


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_get_and_head_are_answered_from_memory(method: str, clock: Clock) -> None:
    cache, reached = answering(public)
    get(cache)
    cache(RequestFactory().generic(method, "/"))
    assert len(reached) == 2


def test_readers_are_answered_at_once_while_one_request_refreshes_the_page(clock: Clock) -> None:
    asked, answer_now = threading.Event(), threading.Event()
    wait = False

    def slow() -> HttpResponse:
        if wait:
            asked.set()
            assert answer_now.wait(10)
            return public(b"new")
        return public(b"old")

    cache, reached = answering(slow)
    get(cache)
    wait = True
    clock.now += FRESH_SECONDS + 0.01

    def visit(part: str) -> bytes:
        if part == "first":
            return get(cache).content
        assert asked.wait(10)
        found = {get(cache).content for _ in range(20)}
        answer_now.set()
        return b"".join(found)

    assert in_threads(visit, ["first", "others"], threads=2) == [b"new", b"old"]
    assert len(reached) == 2
    assert get(cache).content == b"new"


def test_a_reader_who_has_the_page_does_not_keep_others_from_getting_it(clock: Clock) -> None:
    """The reader's ETag must not reach the view: otherwise only a 304 could be kept."""

    def view(request: HttpRequest) -> HttpResponse:
        etag = page_etag("page")
        return caching.unchanged(request, etag) or caching.publish(HttpResponse(b"page"), etag)

    cache = PublicPageCache(view)
    assert get(cache, **{"if-none-match": page_etag("page")}).status_code == 304
    assert list(cache.pages) == ["/"]
    assert get(cache).content == b"page"
    clock.now += FRESH_SECONDS + 0.01
    assert get(cache, **{"if-none-match": 'W/"old"'}).content == b"page"


@pytest.mark.parametrize("header", ["If-Match", "If-Unmodified-Since", "If-Modified-Since"])
def test_no_condition_of_a_reader_spoils_the_page_for_others(letter: Letter, reader: Reader, header: str) -> None:
    value = '"x"' if header == "If-Match" else "Sat, 01 Jan 2000 00:00:00 GMT"
    for _ in range(2):
        assert reader.client.get(letter.get_absolute_url(), headers={header: value}).status_code == 200
