"""The clock publishes a letter, which opens and closes in its time zone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from letters.models import AuditEvent, Collective, Letter, Translation, User
from letters.organizer.letter_editor.operations import publish_if_due, publish_letter, schedule_letter
from letters.organizer.letter_editor.tasks import publish_due
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, Response, browser_of, words

pytestmark = pytest.mark.django_db

LETTER = "/organize/letters/night-trains/"
SOON = NOW + timedelta(hours=2)
TEXT = {"title": EN.title, "addressee": EN.addressee, "body": EN.body, "summary": EN.summary}


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


@pytest.fixture
def rome(collective: Collective) -> None:
    """Set the collective's time zone."""
    collective.timezone = "Europe/Rome"
    collective.save()


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


def settings_of(**changes: Any) -> dict[str, Any]:
    asks = {f"ask_{field}": "off" for field in ("affiliation", "role", "country", "comment")}
    return {"displays": ["public", "nobody"], **asks, **changes}


# Publishing by the clock


def test_the_clock_publishes_at_the_scheduled_time_and_not_before(
    draft: LetterMaker, organizer: User, reader: Reader
) -> None:
    letter = draft()
    schedule_letter(letter, at=SOON, by=organizer, now=NOW)
    publish_due(now=SOON - timedelta(seconds=1))
    assert reader.get(letter.get_absolute_url()).status_code == 404
    publish_due(now=SOON)
    assert EN.title in reader.read(letter)
    letter.refresh_from_db()
    assert (letter.published_at, letter.publish_at) == (SOON, None)
    event = AuditEvent.objects.get(verb="publish_letter")
    assert (event.actor_kind, event.details) == ("system", {"revision": 1})


def test_the_clock_run_twice_publishes_once(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    schedule_letter(letter, at=SOON, by=organizer, now=NOW)
    assert [publish_if_due(letter.pk, now=SOON) for _ in range(2)] == [True, False]
    assert AuditEvent.objects.filter(verb="publish_letter").count() == 1


def test_the_clock_publishes_nothing_if_nobody_is_left_who_may_write(
    draft: LetterMaker, organizer: User, teammate: User, moderator: User
) -> None:
    """Staff have closed the accounts, so nobody could cancel it."""
    letter = draft()
    schedule_letter(letter, at=SOON, by=organizer, now=NOW)
    User.objects.filter(pk__in=[organizer.pk, teammate.pk]).update(is_active=False)
    publish_due(now=SOON)
    letter.refresh_from_db()
    assert (letter.status, letter.publish_at, letter.publish_refused) == ("draft", SOON, "nobody_left")
    assert AuditEvent.objects.latest("pk").reason == "nobody_left"


def test_a_schedule_can_be_cancelled(draft: LetterMaker, organizer: User, desk: Client) -> None:
    letter = draft()
    schedule_letter(letter, at=SOON, by=organizer, now=NOW)
    assert "Scheduled for publication: Monday, March 3, 2025, 2:00" in words(desk.get(LETTER))
    for _ in range(2):
        post(desk, f"{LETTER}state/", action="unschedule")
    publish_due(now=SOON)
    letter.refresh_from_db()
    assert letter.status == "draft"
    assert AuditEvent.objects.filter(verb="schedule_letter").count() == 2


def test_publishing_by_hand_ends_the_schedule(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    schedule_letter(letter, at=SOON, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    publish_due(now=SOON)
    assert (letter.publish_at, letter.published_at) == (None, NOW)


def test_an_empty_letter_can_be_neither_published_nor_scheduled(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    Translation.objects.filter(language="en").delete()
    with pytest.raises(Refused, match="no_text"):
        schedule_letter(letter, at=SOON, by=organizer, now=NOW)
    with pytest.raises(Refused, match="no_text"):
        publish_letter(letter, by=organizer, now=NOW)


def test_a_letter_that_cannot_be_published_stays_scheduled_and_says_why(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    schedule_letter(letter, at=SOON, by=organizer, now=NOW)
    Translation.objects.filter(language="en").delete()
    publish_due(now=SOON)
    letter.refresh_from_db()
    assert (letter.status, letter.publish_at, letter.publish_refused) == ("draft", SOON, "no_text")
    assert AuditEvent.objects.latest("pk").reason == "no_text"


def test_a_past_time_or_a_published_letter_cannot_be_scheduled(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    with pytest.raises(Refused, match="in_the_past"):
        schedule_letter(letter, at=NOW, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="published_already"):
        schedule_letter(letter, at=SOON, by=organizer, now=NOW)


def test_nobody_else_can_schedule(draft: LetterMaker, stranger: User, moderator: User) -> None:
    letter = draft()
    for person in (stranger, moderator):
        with pytest.raises(Refused, match="not_yours"):
            schedule_letter(letter, at=SOON, by=person, now=NOW)


@pytest.mark.usefixtures("rome")
def test_the_time_is_typed_in_the_collectives_time_zone(draft: LetterMaker, desk: Client) -> None:
    letter = draft()
    seen = Translation.objects.get(language="en").version
    page = post(desk, LETTER, **TEXT, seen=seen, action="schedule", publish_at="2099-07-10T09:00")
    assert "Friday, July 10, 2099, 9:00" in words(page)
    assert "(Europe/Rome)" in words(page)
    letter.refresh_from_db()
    assert letter.publish_at == datetime(2099, 7, 10, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "status", "sentence"),
    [
        ("2001-01-01T09:00", 409, "This time has passed."),
        ("", 422, "Enter a date and a time."),
        ("soon", 422, "Enter a date and a time."),
        ("0001-01-01T00:00", 422, "Enter a date and a time."),
        ("9999-12-31T23:59", 422, "Enter a date and a time."),
    ],
)
def test_an_impossible_time_gets_a_sentence(
    draft: LetterMaker, desk: Client, moment: str, status: int, sentence: str
) -> None:
    draft()
    seen = Translation.objects.get(language="en").version
    typed = {**TEXT, "body": "Saved even so."}
    page = post(desk, LETTER, **typed, seen=seen, action="schedule", publish_at=moment)
    assert page.status_code == status
    assert sentence in words(page)
    assert Translation.objects.get(language="en").body == "Saved even so."
    assert Letter.objects.get().publish_at is None


# The collective's time zone


@pytest.mark.usefixtures("rome")
def test_a_letter_opens_and_closes_in_its_time_zone(letter: Letter, desk: Client) -> None:
    fields = settings_of(opens_at="2026-01-10T12:00", closes_at="2199-07-10T12:00")
    page = post(desk, f"{LETTER}settings/", **fields)
    letter.refresh_from_db()
    assert letter.opens_at == datetime(2026, 1, 10, 11, tzinfo=UTC)
    assert letter.closes_at == datetime(2199, 7, 10, 10, tzinfo=UTC)
    assert 'value="2026-01-10T12:00"' in page.content.decode()
    assert "In the time zone of this letter: Europe/Rome." in words(page)


@pytest.mark.usefixtures("rome")
def test_an_hour_skipped_by_the_clock_change_is_refused(letter: Letter, desk: Client) -> None:
    page = post(desk, f"{LETTER}settings/", **settings_of(closes_at="2026-03-29T02:30"))
    assert page.status_code == 422
    assert "The clocks go forward that day, so this time does not exist." in words(page)


@pytest.mark.usefixtures("rome")
@pytest.mark.parametrize(("which", "hour"), [("first", 0), ("second", 1)])
def test_the_page_asks_which_if_an_hour_comes_twice(letter: Letter, desk: Client, which: str, hour: int) -> None:
    fields = settings_of(closes_at="2199-10-27T02:30")
    page = post(desk, f"{LETTER}settings/", **fields)
    assert page.status_code == 422
    assert "this time occurs twice. Select which one you mean." in words(page)
    assert 'name="closes_at_which"' in page.content.decode()
    page = post(desk, f"{LETTER}settings/", **fields, closes_at_which=which)
    letter.refresh_from_db()
    assert letter.closes_at == datetime(2199, 10, 27, hour, 30, tzinfo=UTC)
    # If the form is saved as it is shown, the time stays the same.
    assert f'value="{which}" id="set_closes_at_which_{hour}" checked' in page.content.decode()
