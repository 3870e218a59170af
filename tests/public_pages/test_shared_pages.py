"""Processes share the pages that they render: each version is rendered once, and no reader gets an older one."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from letters.public.public_pages import caching, shared_pages
from letters.public.public_pages.caching import PublicPageCache, page_etag, publish, unchanged

# Other tests do without it (conftest.py), so that a new reader sees what they have changed by hand.
ASK = shared_pages._ask


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator["redis.Redis"]:
    """Valkey, with no page in it."""
    monkeypatch.setattr(shared_pages, "_ask", ASK)
    shared_pages.forget()
    connection = redis.Redis.from_url(settings.VALKEY_URL)
    _clear(connection)
    yield connection
    _clear(connection)
    connection.close()


def _clear(connection: "redis.Redis") -> None:
    for key in connection.scan_iter(f"{shared_pages.PREFIX}:*", count=1000):
        connection.delete(key)


class Site:
    """A site with one page, and processes that each have a memory of their own."""

    def __init__(self) -> None:
        self.version = 1
        self.is_away = self.is_gone = False
        self.rendered: list[int] = []

    def view(self, request: HttpRequest) -> HttpResponse:
        if self.is_away or self.is_gone:
            return HttpResponse(status=503 if self.is_away else 404)
        etag = page_etag(request.path, self.version)
        if not_modified := unchanged(request, etag):
            return not_modified
        self.rendered.append(self.version)
        return publish(HttpResponse(f"{request.path}: {self.version}"), etag)

    def process(self) -> PublicPageCache:
        return PublicPageCache(self.view)


@pytest.fixture
def site() -> Site:
    return Site()


def get(process: PublicPageCache, path: str = "/", **headers: str) -> HttpResponse:
    return process(RequestFactory().get(path, headers=headers))


def test_a_page_is_rendered_and_compressed_once_for_all_processes(site: Site) -> None:
    answers = [get(site.process(), accept_encoding="gzip") for _ in range(3)]
    assert site.rendered == [1]
    assert {(answer.content, answer["ETag"], answer["Content-Encoding"]) for answer in answers} == {
        (answers[0].content, answers[0]["ETag"], "gzip")
    }
    assert get(site.process()).content == b"/: 1"


def test_a_new_version_is_rendered_once_for_processes_that_have_an_older_one(site: Site) -> None:
    processes = [site.process() for _ in range(3)]
    for site.version in (1, 2):
        for process in processes:
            assert get(process).content == f"/: {site.version}".encode()
    assert site.rendered == [1, 2]


def test_a_page_from_another_process_never_stands_in_for_a_newer_one(site: Site) -> None:
    get(site.process())
    site.version = 2
    assert get(site.process()).content == b"/: 2"


def test_without_the_database_a_process_shows_what_another_one_has_shown(site: Site) -> None:
    """A reader behind a load balancer does not know which process answers."""
    one, other = site.process(), site.process()
    get(one)
    get(other, "/seen-once/")
    get(one, "/")
    site.version = 2
    get(one)
    site.is_away = True
    assert get(other).content == b"/: 2"
    assert get(one, "/seen-once/").content == b"/seen-once/: 1"
    assert get(other, "/never-seen/").status_code == 503


def test_without_the_database_no_process_goes_back_to_an_older_page(site: Site) -> None:
    one, other = site.process(), site.process()
    get(other)
    site.version = 2
    get(one)
    site.is_away = True
    assert [get(process).content for process in (one, other, one, other)] == [b"/: 2"] * 4


def test_an_older_page_that_came_late_to_valkey_does_not_stay_there(site: Site) -> None:
    """A process that renders slowly offers its page after another one has offered a newer one."""
    slow, one = site.process(), site.process()
    get(slow)
    late = slow.pages["/"]
    site.version = 2
    get(one)
    caching._share("/", late)
    get(one)
    site.is_away = True
    assert get(site.process()).content == b"/: 2"


def test_without_the_database_a_page_that_came_late_does_not_replace_a_newer_one(site: Site) -> None:
    slow, one = site.process(), site.process()
    get(slow)
    late = slow.pages["/"]
    site.version = 2
    get(one)
    late.versions, one.pages["/"].versions = {1: 1}, {1: 2}
    caching._share("/", late)
    site.is_away = True
    assert get(one).content == b"/: 2"


def test_a_page_that_has_become_too_large_to_share_leaves_no_older_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that has left would come back with the older page."""
    one = site.process()
    get(one)
    site.version = 2
    monkeypatch.setattr(shared_pages, "MAX_SHARED_BYTES", 5)
    get(one)
    site.is_away = True
    assert get(site.process()).status_code == 503


def test_a_page_that_is_gone_does_not_come_back_without_the_database(site: Site) -> None:
    get(site.process())
    site.is_gone = True
    assert get(site.process()).status_code == 404
    site.is_away = True
    assert get(site.process()).status_code == 503


def test_what_others_write_into_valkey_is_no_page(site: Site, shelf: "redis.Redis") -> None:
    get(site.process())
    (slot,) = shelf.scan_iter(f"{shared_pages.PREFIX}:*")
    page: Any = shelf.hget(slot, "page")
    for forged in (b"", b"x", page[:-1], page[:-1] + b"x", b"\0" * 32 + page[32:], page.replace(b"200", b"500")):
        if forged == page:
            continue
        shelf.hset(slot, "page", forged)
        site.is_away = True
        assert get(site.process()).status_code == 503, forged
        site.is_away = False


def test_an_old_page_that_someone_puts_back_into_valkey_is_not_shown(
    site: Site, shelf: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    get(site.process())
    (slot,) = shelf.scan_iter(f"{shared_pages.PREFIX}:*")
    shelf.persist(slot)
    later = time.time() + caching.STALE_SECONDS + 1
    monkeypatch.setattr("time.time", lambda: later)
    shelf.pexpire(slot, 1000 * caching.STALE_SECONDS)
    site.is_away = True
    assert get(site.process()).status_code == 503


def test_a_page_of_another_release_is_not_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    get(site.process())
    monkeypatch.setattr(caching, "code_fingerprint", lambda: "next release")
    site.is_away = True
    assert get(site.process()).status_code == 503


def test_pages_take_a_bounded_place_and_end_by_themselves(
    site: Site, shelf: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pages, "SLOTS", 4)
    paths = [f"/page-{number}/" for number in range(30)]
    one, other = site.process(), site.process()
    for path in paths:
        get(one, path)
    slots = list(shelf.scan_iter(f"{shared_pages.PREFIX}:*"))
    assert 0 < len(slots) <= 4
    assert all(0 < shelf.pttl(slot) <= 1000 * caching.STALE_SECONDS for slot in slots)
    assert [get(other, path).content for path in paths] == [f"{path}: 1".encode() for path in paths]


def test_a_page_that_is_too_large_to_share_is_rendered_by_each_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pages, "MAX_SHARED_BYTES", 5)
    for _ in range(2):
        assert get(site.process()).content == b"/: 1"
    assert site.rendered == [1, 1]


def test_without_valkey_each_process_renders_its_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def away() -> "redis.Redis":
        asked.append(1)
        raise redis.ConnectionError("away")

    monkeypatch.setattr(shared_pages, "_valkey", away)
    for _ in range(3):
        assert get(site.process()).content == b"/: 1"
    assert site.rendered == [1, 1, 1]
    # Nobody waits for it again for a while.
    assert asked == [1]
    shared_pages.forget()
