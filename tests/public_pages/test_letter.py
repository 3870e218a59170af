"""The letter's page: the text, its authors, its signatories and the form; the same for everyone."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test.client import ClientHandler
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from letters.models import Collective, Letter, User
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from letters.public.public_pages import caching, names_on_letter, queries
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_published, browser_of, kept_pages, words


def closed(letter: Letter) -> None:
    letter.status, letter.closed_at = Letter.Status.CLOSED, NOW


def withdrawn(letter: Letter) -> None:
    letter.status = Letter.Status.WITHDRAWN


def over(letter: Letter) -> None:
    letter.closes_at = timezone.now() - timedelta(seconds=1)


def not_open_yet(letter: Letter) -> None:
    letter.opens_at = timezone.now() + timedelta(days=1)


SENTENCES = {
    closed: "This letter is closed, so you can no longer sign it.",
    over: "This letter is closed, so you can no longer sign it.",
    withdrawn: "The people who published this letter have withdrawn it.",
    not_open_yet: "You can sign this letter from",
}


def test_the_page_shows_the_text_the_addressee_and_who_publishes_it(letter: Letter, reader: Reader) -> None:
    answer = reader.get(letter.get_absolute_url())
    page = answer.content.decode()
    assert re.search(r"<h1[^>]*>Keep the night trains running</h1>", page)
    assert "<em>sleeper</em>" in page
    for part in [
        "To the ministers of transport",
        "Friends of the Night Train",
        "March 3, 2025",
        "Nobody has signed yet.",
    ]:
        assert part in words(answer)


def test_the_form_on_the_page_asks_what_the_letter_asks(published: LetterMaker, reader: Reader) -> None:
    page = reader.read(published(ask_affiliation="off", ask_role="required", ask_country="optional"))
    assert set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page)) == {
        *["name", "email", "role", "country", "display", "updates"],
        # The field for machines: see letters/signer/signing/admission.py.
        *["website", "seconds"],
        # The name of the website that led here, which the page's script knows.
        "via",
        # The text that they read.
        "text",
    }
    assert 'action="/letters/night-trains/sign/"' in page


def test_the_letter_needs_no_cookie_and_no_csrf_token(letter: Letter, reader: Reader) -> None:
    answer = reader.get(letter.get_absolute_url())
    assert "Set-Cookie" not in answer.headers
    assert "csrf" not in answer.content.decode()


@pytest.mark.parametrize("page", ["letter", "signatures", "count"])
def test_the_page_varies_by_its_address_only(letter: Letter, settings: Settings, page: str) -> None:
    """Ask the view itself, because the page cache would hide its answer."""
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if not each.endswith(".PublicPageCache")]
    reader = Reader(ClientHandler())
    answer = reader.get(letter.url_of(page), cookie=f"sessionid={'a' * 32}; csrftoken={'b' * 32}", accept_language="it")
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == caching.CACHE_CONTROL


def test_a_signed_in_organizer_gets_the_same_bytes_as_everyone(letter: Letter, reader: Reader, organizer: User) -> None:
    before = reader.get(letter.get_absolute_url())
    kept_pages().pages.clear()
    reader.client.force_login(organizer)
    after = reader.get(letter.get_absolute_url())
    assert (before.content, before.headers["ETag"]) == (after.content, after.headers["ETag"])


def test_the_newest_names_are_on_the_page(letter: Letter, reader: Reader) -> None:
    add_published(letter, 20)
    page = reader.read(letter)
    assert re.findall(r"<bdi>(Signer \d+)</bdi>", page) == [f"Signer {number}" for number in range(20, 8, -1)]
    assert "See all 20 signatures" in page
    assert "20 signatures" in words(reader.get(letter.get_absolute_url()))


def test_the_names_on_the_page_are_those_in_its_count(letter: Letter) -> None:
    """The sequencer may run between reading the letter and reading the names."""
    add_published(letter, 3)
    read = queries.public_letter(letter.slug)
    add_published(letter, 2)
    assert [signature.number for signature in names_on_letter.newest_signatures(read, None)] == [3, 2, 1]
    assert [signature.number for signature in queries.signature_page(read, None, before=None).signatures] == [3, 2, 1]


def test_a_large_count_is_written_with_separators(letter: Letter, reader: Reader) -> None:
    Letter.objects.update(signature_count=1234567, last_number=1234567, version=2, goal=2000000)
    assert "1,234,567 signatures · Goal: 2,000,000" in words(reader.get(letter.get_absolute_url()))
    assert "1.234.567" in reader.read(letter, language="it")
    assert 'max="2000000" value="1234567"' in reader.read(letter)


# Languages


def test_the_page_is_in_the_letters_language(letter: Letter, reader: Reader) -> None:
    answer = reader.get("/it/letters/night-trains/")
    page = answer.content.decode()
    assert '<html lang="it" dir="ltr">' in page
    assert '<article class="letter" lang="it" dir="ltr">' in page
    assert "Lasciate correre i treni notturni" in page
    assert answer.headers["Content-Language"] == "it"
    assert 'action="/it/letters/night-trains/sign/"' in page


def test_each_language_leads_to_the_others(letter: Letter, reader: Reader) -> None:
    for language in ("", "it"):
        page = reader.read(letter, language=language)
        assert '<link rel="alternate" hreflang="en" href="http://localhost:8000/letters/night-trains/">' in page
        assert '<link rel="alternate" hreflang="it" href="http://localhost:8000/it/letters/night-trains/">' in page
    assert '<link rel="canonical" href="http://localhost:8000/it/letters/night-trains/">' in page


def test_the_letters_own_language_has_one_address(letter: Letter, reader: Reader) -> None:
    answer = reader.get("/en/letters/night-trains/")
    assert answer.status_code in {301, 302}
    assert answer.headers["Location"] == "/letters/night-trains/"


@pytest.mark.parametrize(("language", "frame"), [("ar", 'lang="ar" dir="rtl"'), ("fa", 'lang="en" dir="ltr"')])
def test_a_right_to_left_letter_runs_from_right_to_left(
    collective: Collective, organizer: User, reader: Reader, language: str, frame: str
) -> None:
    """The page around it does so if the interface has its language."""
    text = Text(language, "أبقوا القطارات", "إلى الوزراء", "نريد القطارات.")
    letter = draft_letter(collective, slug="trains", text=text, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    page = reader.read(letter)
    assert f'<article class="letter" lang="{language}" dir="rtl">' in page
    assert f"<html {frame}>" in page


@pytest.mark.parametrize("language", ["de", "en-GB", "it-CH", "zz", "xxx"])
def test_a_language_that_the_letter_does_not_have_is_a_404(letter: Letter, reader: Reader, language: str) -> None:
    for page in ("letter", "signatures"):
        assert reader.get(letter.url_of(page, language)).status_code == 404


# Letters that are not open


@pytest.mark.parametrize("become", SENTENCES)
def test_a_letter_that_takes_no_signatures_keeps_its_page_and_says_so(
    letter: Letter, reader: Reader, become: object
) -> None:
    assert callable(become)
    add_published(letter, 2)
    reader.read(letter)
    become(letter)
    letter.save()
    answer = reader.get(letter.get_absolute_url())
    assert answer.status_code == 200
    assert SENTENCES[become] in words(answer)
    assert "<form" not in answer.content.decode()
    assert "Signer 2" in words(answer)


def test_a_draft_exists_for_no_reader(draft: LetterMaker, reader: Reader, organizer: User, stranger: User) -> None:
    letter = draft()
    for user in (None, stranger, organizer):
        if user:
            reader.client.force_login(user)
        for page in ("letter", "signatures", "count"):
            assert reader.get(letter.url_of(page)).status_code == 404
        assert "night-trains" not in reader.get("/").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/letters/nothing/",
        "/letters/",
        "/letters/night%20trains/",
        "/letters/night-trains/nothing/",
        "/letters/%00/",
        "/it/letters/nothing/",
        "/nothing",
    ],
)
def test_a_missing_page_says_that_it_does_not_exist(letter: Letter, reader: Reader, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 404
    assert "Page not found" in words(answer) or path.startswith("/it/")
    assert '<html lang="it"' in answer.content.decode() or not path.startswith("/it/")
    assert "public" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("page", ["letter", "signatures", "count"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_public_page_accepts_only_reading(letter: Letter, reader: Reader, page: str, method: str) -> None:
    answer = reader.client.generic(method, letter.url_of(page))
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


# Harmless input


def test_hostile_text_in_a_letter_stays_text(collective: Collective, organizer: User, reader: Reader) -> None:
    evil = "<script>alert(1)</script>"
    Collective.objects.update(name=f"The {evil} Club")
    text = Text("en", f"Title {evil}", f"To {evil}", f"Body {evil}\n\n[link](javascript:alert(1))", f"Sum {evil}")
    letter = draft_letter(collective, slug="evil", text=text, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    for page in [reader.read(letter), reader.read(letter, "signatures"), reader.get("/").content.decode()]:
        assert evil not in page
        assert 'href="javascript:' not in page
        assert "&lt;script&gt;" in page


def test_the_browser_is_told_to_run_and_load_nothing_but_ours(letter: Letter, reader: Reader) -> None:
    for answer in [reader.get(letter.get_absolute_url()), reader.get("/"), reader.get("/nothing/")]:
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", answer.content.decode())


def test_the_page_loads_nothing_from_elsewhere(letter: Letter, reader: Reader) -> None:
    page = reader.read(letter)
    loaded = re.findall(r'<(?:link rel="(?:stylesheet|icon|preload)"|script|img)[^>]*(?:href|src)="([^"]+)"', page)
    assert loaded
    assert [url for url in loaded if not url.startswith("/static/")] == []


def test_a_first_visit_weighs_less_than_sixty_kilobytes(letter: Letter, reader: Reader) -> None:
    add_published(letter, 12)
    page = reader.read(letter)
    weight = len(reader.get(letter.get_absolute_url(), accept_encoding="gzip").content)
    for url in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)):
        answer = reader.get(url, accept_encoding="gzip")
        assert answer.status_code == 200
        weight += len(answer.getvalue())
        answer.close()
    assert 5_000 < weight < 60_000


# Cost


@pytest.mark.parametrize("signatures", [1, 300])
def test_the_page_costs_the_same_however_many_have_signed(
    letter: Letter, reader: Reader, signatures: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_published(letter, signatures)
    # The count also names the letter's log and its number for each text.
    for page, round_trips in [("letter", 9), ("signatures", 4), ("count", 3)]:
        with django_assert_num_queries(round_trips):
            etag = reader.get(letter.url_of(page)).headers["ETag"]
        kept_pages().pages.clear()
        with django_assert_num_queries(round_trips):
            reader.get(letter.url_of(page), if_none_match=etag)
        # From then on, the page is only compared.
        with django_assert_num_queries(1):
            reader.get(letter.url_of(page))


@pytest.mark.parametrize("ended", [closed, withdrawn])
def test_an_ended_letter_that_nobody_signed_invites_nobody(
    letter: Letter, reader: Reader, ended: Callable[[Letter], None]
) -> None:
    ended(letter)
    letter.save()
    for url in (letter.get_absolute_url(), letter.url_of("signatures")):
        page = words(reader.get(url))
        assert "Nobody has signed." in page
        assert "could be yours" not in page


def test_the_large_initial_is_not_on_the_salutation(collective: Collective, organizer: User, reader: Reader) -> None:
    body = "Dear ministers,\n\n" + "For twelve years we have taken night trains to the places where we work. " * 4
    letter = draft_letter(collective, slug="dear", text=Text("en", "A", "B", body), by=organizer, now=NOW)
    assert '<p class="opening">For' in browser_of(organizer).get("/organize/letters/dear/preview/").content.decode()
    publish_letter(letter, by=organizer, now=NOW)
    page = reader.read(letter)
    assert '<p class="salutation">Dear ministers,</p>' in page
    assert '<p class="opening">For twelve' in page
