"""One account can store only so much on the disk within a day, and periodic tasks delete the rest."""

from datetime import timedelta

import pytest
from django.test import Client

from letters.models import Export, Letter, Picture, Revision, User
from letters.organizer.exports import operations as exporting
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.letter_editor.operations import (
    Text,
    drafting,
    publish_letter,
    start_letter,
    start_revision,
    translate_letter,
)
from letters.organizer.pictures import operations as picturing
from letters.organizer.pictures.operations import add_picture, choose_cover, delete_unused
from letters.shared.pictures import Remade
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.letter_editor.test_pages import ANSWERS
from tests.people import EN, NOW, browser_of, words
from tests.pictures.test_pictures import a_file, upload

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = NOW + timedelta(days=8)
MUCH_LATER = NOW + timedelta(days=200)


def a_picture(number: int = 1, size: int = 1000) -> Remade:
    return Remade(width=10, height=10, full=bytes([number]) * size, small=b"")


def add(letter: Letter, by: User, number: int = 1, size: int = 1000) -> Picture:
    return add_picture(letter, picture=a_picture(number, size), alt="A sleeping car", by=by, now=NOW)


def write(letter: Letter, by: User, body: str) -> None:
    translate_letter(letter, text=Text("en", EN.title, EN.addressee, body), by=by, now=NOW)


# Within a day


def test_an_account_starts_a_limited_number_of_letters_a_day(organizer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MAX_DRAFTS_A_DAY", 2)
    desk = browser_of(organizer)
    pages = [
        desk.post(
            "/organize/new/",
            {**ANSWERS, "title": f"Letter {number}", "collective": f"Us {number}"},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        for number in range(3)
    ]
    assert [page.status_code for page in pages] == [302, 302, 422]
    assert "twenty letters within a day" in words(pages[2])
    assert Letter.objects.count() == 2
    # The refused letter does not leave a new collective behind.
    assert organizer.memberships.count() == 2


def test_an_account_can_start_letters_again_the_next_day(organizer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MAX_DRAFTS_A_DAY", 1)
    start_letter(text=EN, collective_name="Us", by=organizer, now=NOW)
    other = Text("en", "Another", EN.addressee, EN.body)
    with pytest.raises(Refused, match="too_many_drafts"):
        start_letter(text=other, collective_name="Us", by=organizer, now=NOW + DAY - timedelta(minutes=1))
    start_letter(text=other, collective_name="Us", by=organizer, now=NOW + DAY + timedelta(minutes=1))


def test_a_double_click_is_counted_once(organizer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MAX_DRAFTS_A_DAY", 1)
    first = start_letter(text=EN, collective_name="Us", by=organizer, now=NOW)
    assert start_letter(text=EN, collective_name="Us", by=organizer, now=NOW) == first


@pytest.mark.parametrize("limit", [("MAX_A_DAY", 2), ("MAX_BYTES_A_DAY", 2500)])
def test_an_account_uploads_a_limited_amount_a_day_over_all_letters(
    draft: LetterMaker, organizer: User, teammate: User, monkeypatch: pytest.MonkeyPatch, limit: tuple[str, int]
) -> None:
    monkeypatch.setattr(picturing, *limit)
    first, second = draft("first"), draft("second")
    add(first, organizer, 1)
    add(second, organizer, 2)
    with pytest.raises(Refused, match="too_many_today"):
        add(first, organizer, 3)
    # Uploading the same picture again takes up no more space, and another member has their own limit.
    add(second, organizer, 2)
    add(first, teammate, 3)


def test_the_page_says_so(letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picturing, "MAX_A_DAY", 0)
    page = upload(browser_of(organizer), a_file())
    assert page.status_code == 422
    assert "too many pictures within a day" in words(page)


def test_an_account_requests_a_limited_number_of_files_a_day(
    letter: Letter, published: LetterMaker, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MAX_OF_AN_ACCOUNT_A_DAY", 1)
    wanted = Wanted(Export.Kind.SIGNATURES, Export.Format.CSV)
    ask_export(letter, wanted=wanted, by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_of_yours"):
        ask_export(published("another"), wanted=wanted, by=organizer, now=NOW)


# What periodic tasks delete


def test_a_picture_that_no_text_shows_is_deleted_after_a_week(draft: LetterMaker, organizer: User) -> None:
    add(draft(), organizer)
    assert delete_unused(now=NOW + timedelta(days=6)) == 0
    assert delete_unused(now=LATER) == 1
    assert not Picture.objects.exists()


def test_a_picture_in_a_text_or_on_a_cover_stays(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    shown, cover = add(letter, organizer, 1), add(letter, organizer, 2)
    write(letter, organizer, f"See: {shown.markdown()}")
    choose_cover(letter, digest=cover.digest, by=organizer, now=NOW)
    assert delete_unused(now=LATER) == 0


def test_a_picture_that_was_public_once_stays_forever(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    picture = add(letter, organizer)
    write(letter, organizer, f"See: {picture.markdown()}")
    publish_letter(letter, by=organizer, now=NOW)
    start_revision(letter, by=organizer, now=NOW)
    newest = Revision.objects.filter(letter=letter).latest("number")
    newest.translations.update(body="Without it.")
    assert delete_unused(now=MUCH_LATER) == 0


def test_a_picture_that_another_letter_shows_stays(draft: LetterMaker, organizer: User) -> None:
    letter, other = draft("first"), draft("second")
    picture = add(letter, organizer)
    write(other, organizer, f"See: {picture.markdown()}")
    assert delete_unused(now=LATER) == 0
    assert delete_unused(now=MUCH_LATER) == 0


def test_an_abandoned_draft_loses_its_pictures(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    write(letter, organizer, f"See: {add(letter, organizer).markdown()}")
    assert delete_unused(now=NOW + timedelta(days=179)) == 0
    assert delete_unused(now=NOW + timedelta(days=181)) == 1


def test_a_draft_in_progress_keeps_its_pictures(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    picture = add(letter, organizer)
    text = Text("en", EN.title, EN.addressee, f"See: {picture.markdown()}")
    translate_letter(letter, text=text, by=organizer, now=NOW + timedelta(days=100))
    assert delete_unused(now=NOW + timedelta(days=181)) == 0


def test_the_url_of_a_deleted_picture_shows_nothing(draft: LetterMaker, organizer: User) -> None:
    picture = add(draft(), organizer)
    delete_unused(now=LATER)
    assert Client().get(picture.get_absolute_url()).status_code == 404
