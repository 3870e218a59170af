"""Translations of a letter, beside the original."""

import re
from typing import Any

import pytest
from django.test import Client

from letters.models import Letter, Translation, User
from letters.organizer.letter_editor.operations import (
    Text,
    publish_letter,
    remove_translation,
    start_revision,
    write_text,
)
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, Response, browser_of, words

pytestmark = pytest.mark.django_db

PAGES = "/organize/letters/night-trains/translations/"
ARABIC = {"title": "أبقوا القطارات", "addressee": "إلى الوزراء", "body": "نريد القطارات.", "summary": ""}


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


def text_in(language: str) -> Translation:
    return Translation.objects.filter(language=language).latest("revision__number")


def test_a_translation_can_be_added_written_and_listed(draft: LetterMaker, desk: Client) -> None:
    draft()
    chosen = desk.get(PAGES, {"language": "ar"})
    assert (chosen.status_code, chosen["Location"]) == (302, f"{PAGES}ar/")
    page = desk.get(f"{PAGES}ar/")
    # The original is shown beside it.
    assert EN.title in words(page)
    post(desk, f"{PAGES}ar/", **ARABIC, seen="", made_from=text_in("en").version)
    assert text_in("ar").made_from == text_in("en").version
    assert "العربية no summary yet" in words(desk.get(PAGES))


def test_a_right_to_left_text_is_typed_from_right_to_left(draft: LetterMaker, desk: Client, organizer: User) -> None:
    letter = draft()
    write_text(letter, text=Text(language="ar", **ARABIC), seen="", by=organizer, now=NOW)
    page = desk.get(f"{PAGES}ar/").content.decode()
    assert page.count('lang="ar" dir="rtl"') >= 4
    assert '<article class="original" lang="en" dir="ltr">' in page
    assert f"<bdi>{ARABIC['title']}</bdi>" in desk.get(PAGES).content.decode()


def test_a_translation_is_outdated_once_the_original_has_changed(
    draft: LetterMaker, desk: Client, organizer: User
) -> None:
    letter = draft()
    first = text_in("en").version
    post(desk, f"{PAGES}ar/", **ARABIC, seen="", made_from=first)
    other = Text("en", EN.title, EN.addressee, "Another text.", EN.summary)
    write_text(letter, text=other, seen=first, by=organizer, now=NOW)
    assert "العربية older than the original" in words(desk.get(PAGES))
    assert "The original has changed since this was translated." in words(desk.get(f"{PAGES}ar/"))
    assert "These translations are older than the original" in words(desk.get("/organize/letters/night-trains/"))
    # Typing does not mark it as up to date, because the editor saves after the first word.
    now = text_in("en").version
    fields = {**ARABIC, "title": "X", "seen": text_in("ar").version, "made_from": now}
    assert desk.post("/organize/letters/night-trains/text/ar/", fields).status_code == 200
    assert text_in("ar").made_from == first
    post(desk, f"{PAGES}ar/", **{**fields, "seen": text_in("ar").version})
    assert text_in("ar").made_from == now
    assert "older than the original" not in words(desk.get(PAGES))


def test_two_translators_lose_no_word(draft: LetterMaker, desk: Client, teammate: User) -> None:
    letter = draft()
    seen = text_in("it").version
    write_text(letter, text=Text("it", "Loro", "A tutti", "Parole."), seen=seen, by=teammate, now=NOW)
    page = post(desk, f"{PAGES}it/", title="Mio", addressee="A tutti", body="Altre.", summary="", seen=seen)
    assert page.status_code == 409
    for word in ("Another member has saved a different text.", "Parole.", "Altre."):
        assert word in words(page)


@pytest.mark.parametrize("made_from", ["", "x" * 16, "0" * 400, "0123456789ABCDEF"])
def test_a_translation_names_the_version_it_was_made_from_or_none(
    draft: LetterMaker, desk: Client, made_from: str
) -> None:
    draft()
    assert post(desk, f"{PAGES}ar/", **ARABIC, seen="", made_from=made_from).status_code == 200
    assert text_in("ar").made_from == ""


def test_a_translation_that_was_never_public_can_be_removed(draft: LetterMaker, desk: Client) -> None:
    draft()
    for _ in range(2):
        page = post(desk, f"{PAGES}it/remove/")
        assert "Italiano" not in words(page).partition("Another language")[0]
    assert not Translation.objects.filter(language="it").exists()


def test_neither_the_original_nor_a_public_translation_can_be_removed(
    letter: Letter, organizer: User, desk: Client
) -> None:
    with pytest.raises(Refused, match="revision_published"):
        remove_translation(letter, language="it", by=organizer, now=NOW)
    start_revision(letter, by=organizer, now=NOW)
    for language, code in {"en": "original", "it": "language_public"}.items():
        with pytest.raises(Refused, match=code):
            remove_translation(letter, language=language, by=organizer, now=NOW)
    assert "This translation is published, so you cannot remove it" in words(post(desk, f"{PAGES}it/remove/"))
    assert Translation.objects.filter(language="it").count() == 2


def test_a_published_letter_gets_a_new_language_by_a_revision(letter: Letter, desk: Client, reader: Reader) -> None:
    assert "start a new revision" in words(desk.get(PAGES))
    assert "Start a new revision" in words(desk.get(f"{PAGES}ar/"))
    assert post(desk, f"{PAGES}ar/", **ARABIC, seen="").status_code == 409
    page = post(desk, "/organize/letters/night-trains/revise/", action="start", back="translations")
    assert "Another language" in words(page)
    post(desk, f"{PAGES}ar/", **ARABIC, seen="", made_from=text_in("en").version)
    assert reader.get(letter.url_of("letter", "ar")).status_code == 404
    organizer = User.objects.get(email="olga@example.org")
    publish_letter(letter, by=organizer, now=NOW, kind="correction", note="Now in Arabic.")
    assert ARABIC["title"] in reader.read(letter, language="ar")
    assert "Lasciate" in reader.read(letter, language="it")


@pytest.mark.parametrize("page", ["", "it/", "ar/"])
def test_others_get_a_404(draft: LetterMaker, stranger: User, moderator: User, teammate: User, page: str) -> None:
    draft()
    for person, status in ((stranger, 404), (moderator, 404), (teammate, 200)):
        assert browser_of(person).get(f"{PAGES}{page}").status_code == status
    assert browser_of(stranger).post(f"{PAGES}it/remove/").status_code == 404


@pytest.mark.parametrize("language", ["xx", "qqq"])
def test_an_unknown_language_is_refused(draft: LetterMaker, desk: Client, language: str) -> None:
    draft()
    assert desk.get(f"{PAGES}{language}/").status_code == 404
    assert desk.get(PAGES, {"language": language}).status_code == 200


def test_the_original_is_written_on_its_own_page(draft: LetterMaker, desk: Client) -> None:
    draft()
    assert desk.get(f"{PAGES}en/")["Location"] == "/organize/letters/night-trains/"


def test_the_lists_of_languages_begin_with_those_of_the_browser(draft: LetterMaker, desk: Client) -> None:
    draft()
    for path in (PAGES, "/organize/new/"):
        page = desk.get(path, headers={"Accept-Language": "pt-BR, sw;q=0.5"}).content.decode()
        likely = page.partition('<optgroup label="Likely languages">')[2].partition("</optgroup>")[0]
        assert re.findall(r'value="([^"]+)"', likely)[:2] == ["pt", "sw"]
        assert page.count('value="pt"') == 1
        assert page.count('value="zu"') == 1
