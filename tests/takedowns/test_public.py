"""The public reads when and why the site took a letter down, and sees nothing of the letter itself."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from letters.models import AddresseeAnswer, Letter, LetterDelivery, Picture, Update, User
from letters.moderator.takedowns.operations import restore_taken_down
from tests.people import EN, FROM_OUR_PAGE, NOW, Reader, Signer, add_published, publish, sign, sign_and_confirm
from tests.takedowns.conftest import STATEMENT
from tests.test_permissions import ROUTES

TakeDownLetter = Callable[[Letter], None]
# Every address below /letters/<slug>/, and what it answers to GET while the letter is down.
PAGES: dict[str, tuple[int, dict[str, int | str]]] = {
    "letter": (200, {}),
    "feed": (200, {}),
    # Signers can still get the link with which they withdraw.
    "link": (200, {}),
    "signatures": (410, {}),
    "signatures_csv": (410, {}),
    "all_signatures_json": (410, {}),
    "history": (410, {}),
    "past_text": (410, {"number": 1}),
    "updates": (410, {}),
    "update": (410, {"update_id": 1}),
    "count": (410, {}),
    "count_history": (410, {}),
    "count_history_csv": (410, {}),
    "count_history_json": (410, {}),
    "signatures_json": (410, {}),
    "verify": (410, {}),
    "breakdown": (410, {}),
    "breakdown_json": (410, {}),
    "organisations": (410, {}),
    "organisations_csv": (410, {}),
    "organisations_json": (410, {}),
    "mirrors": (410, {}),
    "mirror_zip": (410, {}),
    "mirror_file": (410, {"version": 1, "digest": "0123456789abcdef"}),
    "mirror_note": (410, {"version": 1, "digest": "0123456789abcdef"}),
    "sign_for_organisation": (302, {}),
    "qr": (410, {}),
    "sign": (302, {}),
    "thanks": (302, {}),
    "report_letter": (302, {}),
    "report_signature": (302, {}),
    "report_name": (302, {}),
}
NAME = "Ada Lovelace"


@pytest.fixture
def full_letter(letter: Letter, organizer: User) -> Letter:
    """A letter with everything that a page can show."""
    sign_and_confirm(letter, name=NAME)
    add_published(letter, 12)
    made = {"letter": letter, "created_at": NOW, "author": organizer, "language": "en", "body": EN.body}
    Update.objects.create(
        pk=1, **made, title="News of trains", html="<p>News of trains</p>", began_at=NOW, spread_at=NOW, state="sent"
    )
    AddresseeAnswer.objects.create(
        **made, respondent="The minister", html="<p>No.</p>", answered_on=NOW.date(), published_at=NOW
    )
    LetterDelivery.objects.create(
        letter=letter, on=NOW.date(), to="The minister", signature_count=12, recorded_at=NOW, note="By train."
    )
    letter.refresh_from_db()
    return letter


def secrets(letter: Letter) -> list[str]:
    """Words that no page of the letter may show while it is down."""
    return [
        *[EN.title, EN.summary, EN.addressee, "sleeper", letter.collective.name, NAME, "Signer 1", "News of trains"],
        *["The minister", "By train.", "data-version", "13"],
    ]


def without_times(text: str) -> str:
    """Leave out moments and the year in a namespace, in which the number of signatures can be by chance."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "", text.replace("2013", ""))


def url_of(letter: Letter, name: str) -> str:
    return reverse(name, kwargs={"slug": letter.slug, **PAGES[name][1]})


def test_the_table_names_every_page_of_a_letter() -> None:
    below = {name for name, route in ROUTES.items() if route.startswith("letters/<slug:slug>/")}
    assert below == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_anything_of_the_letter(
    full_letter: Letter, take_down: TakeDownLetter, reader: Reader, name: str
) -> None:
    url = url_of(full_letter, name)
    before = reader.get(url)
    take_down(full_letter)
    answer = reader.get(url)
    text = answer.content.decode() if not answer.streaming else ""
    assert answer.status_code == PAGES[name][0]
    assert [word for word in secrets(full_letter) if word in without_times(text)] == []
    assert not answer.streaming
    assert answer.headers.get("ETag", "none") != before.headers.get("ETag", "")


@pytest.mark.parametrize("name", [name for name in PAGES if name not in {"link", "sign"}])
def test_a_browser_that_has_the_page_is_not_told_that_it_is_unchanged(
    full_letter: Letter, take_down: TakeDownLetter, reader: Reader, name: str
) -> None:
    url = url_of(full_letter, name)
    etag = reader.get(url).headers.get("ETag", "")
    take_down(full_letter)
    assert reader.get(url, if_none_match=etag).status_code == PAGES[name][0]


def test_no_list_shows_it(full_letter: Letter, take_down: TakeDownLetter, reader: Reader) -> None:
    assert EN.title in reader.get("/").content.decode()
    take_down(full_letter)
    assert EN.title not in reader.get("/").content.decode()


def test_its_pictures_are_gone(letter: Letter, take_down: TakeDownLetter, reader: Reader) -> None:
    picture = Picture.objects.create(
        letter=letter, digest="0" * 32, width=1, height=1, alt="A train", full=b"x", small=b"", created_at=NOW
    )
    assert reader.get(picture.get_absolute_url()).status_code == 200
    take_down(letter)
    assert reader.get(picture.get_absolute_url()).status_code == 404


def test_the_page_says_when_and_why_and_how_to_appeal(
    letter: Letter, take_down: TakeDownLetter, reader: Reader
) -> None:
    take_down(letter)
    page = reader.read(letter)
    for said in (STATEMENT.named, STATEMENT.facts, "March 3, 2025", "Illegal content", "Someone reported it."):
        assert said in page
    for said in ("A person made this decision, not a program.", "September 2, 2025", "Everywhere on this site"):
        assert said in page
    assert 'content="noindex"' in page
    assert "Wanda" not in page


def test_the_count_says_only_that_it_is_down(full_letter: Letter, take_down: TakeDownLetter, reader: Reader) -> None:
    take_down(full_letter)
    answer = reader.get(url_of(full_letter, "count"))
    assert answer.json() == {"taken_down_on": "2025-03-03"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_feed_says_so(full_letter: Letter, take_down: TakeDownLetter, reader: Reader) -> None:
    take_down(full_letter)
    atom = ET.fromstring(reader.get(url_of(full_letter, "feed")).content)  # noqa: S314 -- our own
    entries = atom.findall("{*}entry/{*}title")
    assert [entry.text for entry in entries] == ["This letter was taken down"]


def test_a_form_that_was_open_signs_nothing(letter: Letter, take_down: TakeDownLetter, signer: Signer) -> None:
    take_down(letter)
    answer = signer.client.post(
        letter.url_of("sign"), {"name": NAME, "email": "ada@example.org", "display": "public"}, headers=FROM_OUR_PAGE
    )
    assert answer.status_code in {302, 303, 409}
    assert not letter.signatures.exists()


def test_a_pending_signer_reads_that_it_is_down_and_a_confirmed_one_can_withdraw(
    letter: Letter, take_down: TakeDownLetter, signer: Signer
) -> None:
    sign(letter, "bob@example.org")
    signer.sign(letter)
    signer.confirm()
    publish()
    manage = signer.mailed_link("ada@example.org", purpose="manage")
    confirm = signer.mailed_link("bob@example.org")
    letter.refresh_from_db()
    take_down(letter)
    assert "have taken it down" in signer.press(confirm).content.decode()
    signer.client.post(manage, {"action": "withdraw"}, headers=FROM_OUR_PAGE)
    assert not letter.signatures.filter(state="published").exists()


def test_a_restored_letter_shows_everything_again_and_its_history_says_so(
    full_letter: Letter, take_down: TakeDownLetter, warden: User, reader: Reader
) -> None:
    def numbers() -> Any:
        found = reader.count(full_letter)
        return [found[name] for name in ("published", "withdrawn", "removed")], reader.get(csv).getvalue()

    csv = url_of(full_letter, "signatures_csv")
    before = numbers()
    take_down(full_letter)
    assert reader.get(csv).status_code == 410
    restore_taken_down(full_letter, answer="The law has changed.", by=warden, now=NOW + timedelta(days=9))
    full_letter.refresh_from_db()
    assert numbers() == before
    assert EN.title in reader.read(full_letter)
    history = reader.read(full_letter, "history")
    assert "took the letter down on March 3, 2025 and restored it on March 12, 2025" in history
    # A statement of reasons that was reversed is no longer shown.
    assert STATEMENT.facts not in history
