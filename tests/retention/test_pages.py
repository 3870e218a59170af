"""Signers, readers and organizers read how long data is kept."""

import pytest

from letters.models import Letter, User
from letters.organizer.letter_editor.operations import set_up_letter
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, browser_of, words
from tests.retention.conftest import ADDRESSES_GO, CLOSED, DATA_GOES, DAY, Clock

pytestmark = pytest.mark.django_db


def read(letter: Letter) -> str:
    return " ".join(Reader().read(letter).split())


def test_the_form_says_how_long_data_is_kept(letter: Letter, organizer: User) -> None:
    page = read(letter)
    assert "6 months after the letter ends, we delete your address, unless you agreed to updates." in page
    assert "36 months after its end, we delete everything about you that readers do not see." in page
    assert "A public name stays under the letter until you withhold it or withdraw." in page
    assert "these months begin again with each signature" in page
    chosen = {"keep_addresses": 1, "keep_data": 12, "withholds_names_later": True, "closes_at": NOW + 10_000 * DAY}
    set_up_letter(letter, values=chosen, by=organizer, now=NOW)
    page = read(letter)
    assert "One month after the letter ends, we delete your address" in page
    assert "12 months after its end" in page
    assert "Then public names are withheld, too." in page
    assert "these months begin again" not in page


def test_the_page_of_a_letter_that_ended_says_the_day(closed: Letter, every_night: Clock) -> None:
    assert "On September 4, 2025, we delete the addresses of signers who did not agree to updates." in read(closed)
    every_night(ADDRESSES_GO)
    assert "On March 4, 2028, we delete everything about the signers" in read(closed)
    every_night(DATA_GOES)
    assert "We have deleted everything about the signers of this letter that readers do not see." in read(closed)
    assert "Ada Lovelace" in read(closed)


def test_organizers_choose_within_the_bounds_of_the_site(draft: LetterMaker, organizer: User) -> None:
    letter, browser = draft(), browser_of(organizer)
    url = f"/organize/letters/{letter.slug}/settings/"
    page = browser.get(url)
    assert "How long data about signers is kept" in words(page)
    form = page.context["form"]
    sent = {name: value for name in form.fields if (value := form[name].value())}
    for months, status in (("25", 422), ("0", 422), ("24", 302), ("", 302)):
        assert browser.post(url, {**sent, "keep_addresses": months}).status_code == status
    letter.refresh_from_db()
    assert letter.keep_addresses == 24
    assert letter.keep_data is None


def test_nobody_is_offered_to_reopen_it_after_everything_is_deleted(
    closed: Letter, organizer: User, every_night: Clock
) -> None:
    every_night(DATA_GOES)
    page = words(browser_of(organizer).get(f"/organize/letters/{closed.slug}/"))
    assert "so nobody can reopen the letter" in page
    assert "Reopen the letter" not in page


def test_the_page_of_an_open_letter_says_no_day(letter: Letter) -> None:
    assert "we delete the addresses of signers" not in read(letter)
    assert CLOSED > NOW
