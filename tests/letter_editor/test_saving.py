"""The editor saves by itself, and never over another member's words."""

from datetime import timedelta

import pytest
from django.test import Client

from letters.models import AuditEvent, Letter, Translation, User
from letters.organizer.letter_editor.operations import Text, write_text
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Response, browser_of

pytestmark = pytest.mark.django_db

SAVE = "/organize/letters/night-trains/text/en/"
TYPED = {"title": "Another", "addressee": "To all", "body": "**Anew**.", "summary": ""}


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


def save(client: Client, seen: str, url: str = SAVE, **typed: str) -> Response:
    return client.post(url, {**TYPED, "seen": seen, **typed}, headers={"Accept": "application/json"})


def english() -> Translation:
    return Translation.objects.get(language="en")


def test_saving_returns_the_current_version(draft: LetterMaker, desk: Client) -> None:
    draft()
    answer = save(desk, english().version)
    assert answer.json() == {"version": english().version}
    assert (english().title, english().html) == ("Another", "<p><strong>Anew</strong>.</p>\n")


def test_another_members_text_is_returned_instead(draft: LetterMaker, desk: Client, teammate: User) -> None:
    letter = draft()
    seen = english().version
    write_text(letter, text=Text("en", "Theirs", "To all", "*Words*."), seen=seen, by=teammate, now=NOW)
    answer = save(desk, seen)
    assert answer.status_code == 409
    found = answer.json()
    assert (found["problem"], found["version"]) == ("changed_meanwhile", english().version)
    assert (found["title"], found["body"], found["html"]) == ("Theirs", "*Words*.", "<p><em>Words</em>.</p>\n")
    assert english().title == "Theirs"


def test_a_text_sent_twice_is_saved_and_not_called_another_members(draft: LetterMaker, desk: Client) -> None:
    """The tab was closed while it was saving. The browser does not know, keeps the words, and sends them again."""
    draft()
    loaded = english().version
    save(desk, loaded)
    again = save(desk, loaded)
    assert (again.status_code, again.json()) == (200, {"version": english().version})


def test_an_incomplete_text_gets_a_sentence_and_is_not_saved(draft: LetterMaker, desk: Client) -> None:
    draft()
    answer = save(desk, english().version, title=" ")
    assert (answer.status_code, answer.json()) == (422, {"problem": "Enter a title."})
    assert english().title == EN.title


def test_a_published_text_is_not_saved_over(letter: Letter, desk: Client) -> None:
    answer = save(desk, english().version)
    assert (answer.status_code, answer.json()["problem"]) == (409, "revision_published")
    assert english().title == EN.title


def test_a_signed_out_writer_is_led_to_sign_in(draft: LetterMaker) -> None:
    draft()
    answer = save(Client(), english().version)
    assert (answer.status_code, "login" in answer["Location"]) == (302, True)


def test_others_cannot_save(draft: LetterMaker, stranger: User, moderator: User) -> None:
    draft()
    for person in (stranger, moderator):
        assert save(browser_of(person), english().version).status_code == 404


@pytest.mark.parametrize("language", ["xx", "qqq", "en-Nowhere"])
def test_an_unknown_language_is_refused(draft: LetterMaker, desk: Client, language: str) -> None:
    draft()
    assert save(desk, "", f"/organize/letters/night-trains/text/{language}/").status_code == 404


def test_a_text_begun_by_two_at_once_is_begun_once(draft: LetterMaker, organizer: User, teammate: User) -> None:
    letter = draft()
    write_text(letter, text=Text("fr", "Un", "À tous", "Un."), seen="", by=organizer, now=NOW)
    with pytest.raises(Refused, match="changed_meanwhile"):
        write_text(letter, text=Text("fr", "Deux", "À tous", "Deux."), seen="", by=teammate, now=NOW)


def test_one_sitting_is_one_event_in_the_record(draft: LetterMaker, organizer: User, teammate: User) -> None:
    letter = draft()
    events = AuditEvent.objects.filter(verb="translate_letter", details__language="en")
    before = events.count()

    def write(body: str, by: User, minutes: int) -> None:
        text = Text("en", "T", "To all", body)
        write_text(letter, text=text, seen=english().version, by=by, now=NOW + timedelta(hours=1, minutes=minutes))

    for minute in range(5):
        write(f"Word {minute}", organizer, minute)
    assert events.count() == before + 1
    write("Mine too", teammate, 5)
    write("The next day", organizer, 60 * 24)
    assert events.count() == before + 3


def test_saving_the_same_writes_nothing(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    before = AuditEvent.objects.count()
    write_text(letter, text=EN, seen=english().version, by=organizer, now=NOW + timedelta(days=1))
    assert AuditEvent.objects.count() == before
