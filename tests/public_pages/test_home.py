"""The home page: the letters that can be signed now, each with its count."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from letters.models import Collective, Letter, Picture, User
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from tests.conftest import LetterMaker
from tests.interface_languages import ALL, TRANSLATED
from tests.people import NOW, Reader, add_published, kept_pages, words


def listed(reader: Reader, path: str = "/") -> list[str]:
    """Return the addresses of the letters on the page, in order."""
    answer = reader.get(path)
    assert answer.status_code == 200
    return re.findall(r'<h2[^>]*><a href="([^"]+)">', answer.content.decode())


def test_an_open_letter_is_listed_with_its_count(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    answer = words(reader.get("/"))
    for part in ["Keep the night trains running", "To the ministers", "Friends of the Night Train", "3 signatures"]:
        assert part in answer


@pytest.mark.parametrize(
    "values",
    [
        {"status": "draft"},
        {"status": "closed", "closed_at": NOW},
        {"status": "withdrawn"},
        {"closes_at": NOW},
        {"opens_at": timezone.now() + timedelta(days=1000)},
    ],
)
def test_a_letter_that_cannot_be_signed_is_not_listed(letter: Letter, reader: Reader, values: dict[str, Any]) -> None:
    assert listed(reader) == ["/letters/night-trains/"]
    Letter.objects.update(**values)
    assert listed(reader) == []


def test_the_page_says_so_if_there_are_no_letters(db: None, reader: Reader) -> None:
    assert "No letter is open for signing at the moment." in words(reader.get("/"))


def test_the_newest_letter_is_first(published: LetterMaker, reader: Reader) -> None:
    for place in (2, 1, 3):
        letter = published(slug=f"letter-{place}")
        Letter.objects.filter(pk=letter.pk).update(published_at=NOW + timedelta(days=place))
    assert listed(reader) == [f"/letters/letter-{place}/" for place in (3, 2, 1)]


def test_each_letter_is_shown_in_the_language_of_the_page_if_it_has_it(
    letter: Letter, collective: Collective, organizer: User, reader: Reader
) -> None:
    german = draft_letter(
        collective, slug="nachtzug", text=Text("de", "Nachtzüge", "An alle", "Bleibt."), by=organizer, now=NOW
    )
    publish_letter(german, by=organizer, now=NOW)
    page = reader.get("/it/").content.decode()
    assert '<html lang="it"' in page
    assert re.search(r'<h2 lang="it"[^>]*><a href="/it/letters/night-trains/">Lasciate correre i treni', page)
    assert re.search(r'<h2 lang="de"[^>]*><a href="/letters/nachtzug/">Nachtzüge</a>', page)


@pytest.mark.parametrize("path", ["/pt/", "/xx/", "/it-CH/", "/IT/"])
def test_a_language_that_the_site_does_not_have_is_a_404(db: None, reader: Reader, path: str) -> None:
    assert reader.get(path).status_code == 404


def test_a_new_count_makes_a_new_page(letter: Letter, reader: Reader) -> None:
    before = reader.get("/").headers["ETag"]
    assert reader.get("/").headers["ETag"] == before
    add_published(letter, 1)
    after = reader.get("/")
    assert after.headers["ETag"] != before
    assert "1 signature" in words(after)


@pytest.mark.parametrize("letters", [1, 12])
def test_the_page_costs_the_same_however_many_letters_there_are(
    published: LetterMaker, reader: Reader, letters: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(letters):
        published(slug=f"letter-{place}")
    kept_pages().pages.clear()
    # One query asks whether signing is paused, as each process does once a second.
    with django_assert_num_queries(3):
        assert len(listed(reader)) == letters


def test_the_process_says_that_it_is_alive_without_asking_anyone(
    reader: Reader, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        answer = reader.get("/healthz")
    assert (answer.status_code, answer.content, answer.headers["Cache-Control"]) == (200, b"ok", "no-store")


def test_the_page_says_what_this_is_and_leads_to_writing_and_signing_in(letter: Letter, reader: Reader) -> None:
    page = reader.get("/")
    assert "Every signature is confirmed by email and counted in public." in words(page)
    for address in ("/organize/new/", "/accounts/login/", "/about/", "/how-we-count/", "/privacy/"):
        assert f'href="{address}"' in page.content.decode()
    assert 'href="/it/privacy/"' in reader.get("/it/").content.decode()


def test_the_newest_letter_leads_with_its_cover_and_first_lines(
    letter: Letter, published: LetterMaker, organizer: User, reader: Reader
) -> None:
    text = Text("en", "Newer", "To all", f"Dear all,\n\n## Why\n\n**We** ask {'again and ' * 40}again.")
    newer = draft_letter(letter.collective, slug="newer", text=text, by=organizer, now=NOW)
    picture = Picture.objects.create(
        letter=newer, digest="a" * 32, width=8, height=6, full=b"", small=b"", alt="Stored", created_at=NOW
    )
    newer.revisions.update(cover=picture, cover_alt="A red train")
    publish_letter(newer, by=organizer, now=NOW + timedelta(hours=1))
    Letter.objects.filter(pk=newer.pk).update(published_at=NOW + timedelta(days=1))
    page = reader.get("/").content.decode()
    leading, _, others = page.partition("</li>\n  \n  <li>")
    assert 'alt="A red train"' in leading
    assert re.search(r'class="summary"[^>]*>Why We ask again and [^<]{80,150}…</p>', leading)
    assert 'class="summary"' not in others
    assert "night-trains" in others


@pytest.mark.parametrize("salutation", ["Dear all,", "Dear all:", "各位部长\uff1a", "أيها الوزراء،"])
def test_a_letter_without_a_summary_is_described_by_its_first_lines(
    collective: Collective, organizer: User, reader: Reader, salutation: str
) -> None:
    text = Text("en", "Title", "To all", f"{salutation}\n\nWe *ask* {'again and ' * 40}again.")
    letter = draft_letter(collective, slug="plain", text=text, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    page = reader.read(letter)
    described = re.findall(r'<meta (?:name="description"|property="og:description") content="([^"]*)">', page)
    assert len(described) == 2
    assert all(each.startswith("We ask again and") and 80 < len(each) <= 160 for each in described)


def test_the_closing_of_a_short_letter_is_no_part_of_its_description(
    collective: Collective, organizer: User, reader: Reader
) -> None:
    text = Text("en", "Title", "To all", "Dear all,\n\nKeep the trains.\n\nYours sincerely,\n\nThe friends\n")
    letter = draft_letter(collective, slug="plain", text=text, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    assert '<meta name="description" content="Keep the trains.">' in reader.read(letter)


@pytest.mark.parametrize("path", ["/about/", "/how-we-count/", "/privacy/"])
def test_pages_about_the_site_exist_in_its_languages_and_are_kept(
    db: None, reader: Reader, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # How we count gives the public error rate, which is one small row.
    with django_assert_num_queries(len(ALL) if path == "/how-we-count/" else 0):
        answers = [reader.get(path), *(reader.get(f"/{language}{path}") for language in TRANSLATED)]
    for answer, language in zip(answers, ALL, strict=True):
        page = answer.content.decode()
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in page
        assert re.search(r'<meta name="description" content="[^"]{40,}">', page)
        assert answer.headers["ETag"]
        assert not answer.cookies
    assert reader.get(f"/pt{path}").status_code == 404
