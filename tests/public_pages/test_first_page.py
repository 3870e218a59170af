"""The home page shows one letter, or the letters of one collective, if the people who run the site want that."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from letters.models import Letter, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import draft_letter, publish_letter, readdress_letter
from petition.checkup.findings import Verdict
from petition.checkup.home_page import home_page
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, add_published, kept_pages, words

pytestmark = pytest.mark.django_db

LISTED = "Open letters, signed in public"


@pytest.fixture
def of_letter(settings: Settings) -> None:
    settings.HOME_PAGE = ("letter", "night-trains")


@pytest.fixture
def of_collective(letter: Letter, settings: Settings) -> None:
    settings.HOME_PAGE = ("collective", letter.collective.slug)


def canonical(reader: Reader, path: str) -> str:
    found = re.search(r'<link rel="canonical" href="([^"]+)">', reader.get(path).content.decode())
    return found[1] if found else ""


def test_it_is_the_page_of_the_letter(of_letter: None, letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    page, own = reader.get("/"), reader.get("/letters/night-trains/")
    assert page.status_code == 200
    assert 'action="/letters/night-trains/sign/"' in page.content.decode()
    assert page.headers["ETag"] == own.headers["ETag"]
    assert page.headers["Cache-Control"] == own.headers["Cache-Control"]


def test_search_engines_are_told_the_address_of_the_letter(of_letter: None, letter: Letter, reader: Reader) -> None:
    assert canonical(reader, "/") == "http://localhost:8000/letters/night-trains/"
    assert canonical(reader, "/it/") == "http://localhost:8000/it/letters/night-trains/"
    Letter.objects.update(indexing="nothing")
    assert reader.get("/").headers["X-Robots-Tag"] == "noindex"


def test_it_shows_the_letter_in_each_of_its_languages(of_letter: None, letter: Letter, reader: Reader) -> None:
    page = reader.get("/it/")
    assert (page.status_code, page.headers["Content-Language"]) == (200, "it")
    assert letter.url_of("sign", "it") in page.content.decode()


def test_without_a_prefix_it_is_in_the_language_of_the_letter(
    of_letter: None, draft: LetterMaker, organizer: User, reader: Reader
) -> None:
    Letter.objects.filter(pk=draft().pk).update(language="it")
    publish_letter(Letter.objects.get(), by=organizer, now=NOW)
    for path in ("/", "/it/"):
        page = reader.get(path)
        assert (page.status_code, page.headers["Content-Language"]) == (200, "it")
        assert canonical(reader, path) == "http://localhost:8000/letters/night-trains/"


def test_a_new_signature_appears(of_letter: None, letter: Letter, reader: Reader) -> None:
    reader.get("/")
    add_published(letter, 3)
    assert "3 signatures" in words(reader.get("/"))


def test_until_the_letter_is_public_all_letters_are_listed(of_letter: None, draft: LetterMaker, reader: Reader) -> None:
    """Like a letter that does not exist, so that nobody learns of a draft."""
    without = reader.get("/")
    draft()
    assert LISTED in words(without)
    assert reader.get("/").content == without.content


def test_a_letter_that_is_taken_down_leaves_the_home_page(of_letter: None, letter: Letter, reader: Reader) -> None:
    assert "Keep the night trains running" in words(reader.get("/"))
    Letter.objects.update(status="taken_down")
    assert LISTED in words(reader.get("/"))
    assert "Keep the night trains running" not in words(reader.get("/"))


@pytest.mark.parametrize("status", ["closed", "withdrawn"])
def test_a_letter_that_has_ended_stays_and_says_so(
    of_letter: None, letter: Letter, reader: Reader, status: str
) -> None:
    Letter.objects.update(status=status, closed_at=NOW)
    page = reader.get("/")
    assert "Keep the night trains running" in words(page)
    assert b'action="/letters/night-trains/sign/"' not in page.content


def test_in_a_language_that_the_letter_lacks_all_letters_are_listed(
    of_letter: None, letter: Letter, reader: Reader, settings: Settings
) -> None:
    settings.LANGUAGES = [*settings.LANGUAGES, ("es", "Español")]
    assert reader.get("/es/letters/night-trains/").status_code == 404
    assert b'href="http://localhost:8000/es/"' in reader.get("/es/").content
    assert reader.get("/fi/").status_code == 404


def test_it_follows_the_letter_to_a_new_address(
    of_letter: None, letter: Letter, organizer: User, reader: Reader
) -> None:
    readdress_letter(letter, slug="sleepers", by=organizer, now=NOW)
    assert canonical(reader, "/") == "http://localhost:8000/letters/sleepers/"
    (found,) = home_page()
    assert (found.verdict, found.do) == (Verdict.LOOK, "Set HOME_PAGE=letter:sleepers.")


def test_it_asks_the_database_for_nothing_but_the_letter(of_letter: None, letter: Letter, reader: Reader) -> None:
    asked = []
    for path in ("/letters/night-trains/", "/letters/night-trains/", "/"):  # What a process reads once is known then.
        kept_pages().pages.clear()
        with CaptureQueriesContext(connection) as queries:
            reader.get(path)
        asked.append([query["sql"] for query in queries])
    assert asked[2] == asked[1]


def test_it_lists_the_letters_of_one_collective(
    of_collective: None, letter: Letter, organizer: User, reader: Reader
) -> None:
    other = create_collective(name="Other People", slug="other-people", by=organizer, now=NOW)
    publish_letter(draft_letter(other, slug="something-else", text=EN, by=organizer, now=NOW), by=organizer, now=NOW)
    page = reader.get("/")
    assert b'<h1 class="page-title"><bdi>Friends of the Night Train</bdi></h1>' in page.content
    assert b'href="/letters/night-trains/"' in page.content
    assert b"something-else" not in page.content
    assert canonical(reader, "/") == "http://localhost:8000/"


def test_without_that_collective_all_letters_are_listed(letter: Letter, reader: Reader, settings: Settings) -> None:
    settings.HOME_PAGE = ("collective", "nobody-here")
    page = reader.get("/")
    assert LISTED in words(page)
    assert b'href="/letters/night-trains/"' in page.content


@pytest.mark.parametrize(
    ("setting", "verdict", "said"),
    [
        (("letter", "night-trains"), Verdict.FINE, "shows the letter night-trains"),
        (("letter", "day-trains"), Verdict.WRONG, "names the letter day-trains, and there is none"),
        (("collective", "day-trains"), Verdict.WRONG, "names the collective day-trains, and there is none"),
    ],
)
def test_the_check_says_a_wrong_slug(
    letter: Letter, settings: Settings, setting: tuple[str, str], verdict: Verdict, said: str
) -> None:
    settings.HOME_PAGE = setting
    (found,) = home_page()
    assert found.verdict is verdict
    assert said in found.what


@pytest.mark.parametrize(("status", "said"), [("draft", "not public yet"), ("taken_down", "taken down")])
def test_the_check_says_why_the_letter_is_not_shown(of_letter: None, letter: Letter, status: str, said: str) -> None:
    Letter.objects.update(status=status)
    (found,) = home_page()
    assert found.verdict is Verdict.LOOK
    assert said in found.what


def test_the_check_says_nothing_without_the_setting(letter: Letter) -> None:
    assert list(home_page()) == []
