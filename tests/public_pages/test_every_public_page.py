"""Rules for every public page: one decorator answers all of them (letters/public/public_pages/pages.py)."""

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import RequestFactory
from django.urls import URLPattern, reverse

from letters import urls
from letters.models import Letter, User
from letters.organizer.updates.operations import UpdateText, send_update, write_update
from letters.public.public_pages import caching
from letters.public.public_pages.pages import Page, public_page
from letters.shared.localized_paths import localized_url
from tests.people import NOW, Reader, add_published

VIEWS = "letters.public.public_pages.views"
NAMES = {
    str(pattern.name)
    for resolver in urls.urlpatterns
    for pattern in resolver.url_patterns
    if isinstance(pattern, URLPattern) and pattern.callback.__module__ == VIEWS
}
PAGES = sorted(name for name in NAMES if not name.startswith("translated_") and name != "home")
TRANSLATED = [name for name in PAGES if f"translated_{name}" in NAMES]


@pytest.fixture
def in_urls(letter: Letter, organizer: User) -> dict[str, dict[str, int]]:
    """Return what the URL of a page contains besides its letter."""
    add_published(letter, 3)
    update = write_update(letter, text=UpdateText(title="News", body="News.", language="en"), by=organizer, now=NOW)
    send_update(update, seen=update.version, by=organizer, now=NOW)
    letter.refresh_from_db()
    return {"past_text": {"number": 1}, "update": {"update_id": update.pk}}


def url(letter: Letter, page: str, in_urls: dict[str, dict[str, int]], prefix: str = "") -> str:
    return prefix + letter.url_of(page, "", **in_urls.get(page, {}))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_sent_once_to_a_reader_who_keeps_it(
    letter: Letter, in_urls: dict[str, dict[str, int]], reader: Reader, page: str
) -> None:
    first = reader.get(url(letter, page, in_urls))
    assert (first.status_code, first.headers["Cache-Control"]) == (200, caching.CACHE_CONTROL)
    again = reader.get(url(letter, page, in_urls), if_none_match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("page", PAGES)
def test_reading_a_page_changes_nothing(
    letter: Letter, in_urls: dict[str, dict[str, int]], reader: Reader, page: str
) -> None:
    assert reader.client.post(url(letter, page, in_urls)).status_code == 405


@pytest.mark.parametrize("page", PAGES)
def test_a_letter_that_is_not_public_has_no_such_page(
    letter: Letter, in_urls: dict[str, dict[str, int]], reader: Reader, page: str
) -> None:
    at = url(letter, page, in_urls)
    Letter.objects.update(status="draft")
    assert reader.get(at).status_code == 404


@pytest.mark.parametrize("page", TRANSLATED)
def test_the_letters_own_language_needs_no_prefix(
    letter: Letter, in_urls: dict[str, dict[str, int]], reader: Reader, page: str
) -> None:
    answer = reader.get(url(letter, page, in_urls, prefix="/en"))
    assert (answer.status_code, answer.headers["Location"]) == (302, url(letter, page, in_urls))


@pytest.mark.parametrize("page", TRANSLATED)
def test_each_language_has_a_page_of_its_own(
    letter: Letter, in_urls: dict[str, dict[str, int]], reader: Reader, page: str
) -> None:
    own, italian = (reader.get(url(letter, page, in_urls, prefix=prefix)) for prefix in ("", "/it"))
    assert (own.status_code, own.headers["Content-Language"]) == (200, "en")
    assert (italian.status_code, italian.headers["Content-Language"]) == (200, "it")
    assert own.headers["ETag"] != italian.headers["ETag"]


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_language_that_the_letter_does_not_have_has_no_page(
    letter: Letter, in_urls: dict[str, dict[str, int]], reader: Reader, page: str
) -> None:
    assert reader.get(url(letter, page, in_urls, prefix="/fr")).status_code == 404


def answer_of(page: Page | HttpResponseBase, **headers: str) -> HttpResponseBase:
    @public_page
    def view(request: HttpRequest) -> Page | HttpResponseBase:
        return page

    return view(RequestFactory().get("/", headers=headers))


def test_no_cache_keeps_a_page_that_failed() -> None:
    answer = answer_of(Page(("a page",), lambda: HttpResponse("Later.", status=503), cache_control="public"))
    assert answer.status_code == 503
    assert not {"ETag", "Cache-Control"} & set(answer.headers)


def test_a_page_that_its_reader_has_is_not_rendered() -> None:
    def make() -> HttpResponse:
        raise AssertionError("It was made.")

    answer = answer_of(Page(("a page",), make), if_none_match=caching.page_etag("a page"))
    assert answer.status_code == 304


@pytest.mark.parametrize(("language", "prefix"), [("", ""), ("en", ""), ("it", "/it"), ("pt-BR", "/pt-BR")])
def test_a_url_names_the_language_unless_it_is_its_own(language: str, prefix: str) -> None:
    found = localized_url("check", language, own_language="en", token="t")
    assert found == f"{prefix}{reverse('check', kwargs={'token': 't'})}"
