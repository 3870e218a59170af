"""A letter that cannot be published at its time: refused when it is scheduled, or kept and told of."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from celery import current_app
from django.core.mail import EmailMessage
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import Settings

from letters.base.accounts.mail import unpack
from letters.models import AuditEvent, Letter, User
from letters.organizer.letter_editor.operations import clear_collective, publish_if_due, schedule_letter
from letters.organizer.letter_editor.queries import letters_due
from letters.organizer.letter_editor.tasks import publish_due
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, browser_of, words

HOUR = timedelta(hours=1)
PAGE = "/organize/letters/night-trains/"


@pytest.fixture(autouse=True)
def post(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    taken: list[EmailMessage] = []

    def take(name: str, args: list[str], **options: object) -> None:
        taken.append(unpack(args[0]))

    monkeypatch.setattr(current_app, "send_task", take)
    return taken


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("sara@example.org", is_staff=True)


@pytest.fixture
def late(draft: LetterMaker, organizer: User, settings: Settings) -> Letter:
    """Scheduled when it could be, and cannot be any more."""
    letter = draft()
    schedule_letter(letter, at=NOW + HOUR, by=organizer, now=NOW)
    settings.CLEAR_COLLECTIVES_FIRST = True
    return letter


def test_what_cannot_happen_is_not_scheduled(draft: LetterMaker, organizer: User, settings: Settings) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    with pytest.raises(Refused, match="not_cleared"):
        schedule_letter(draft(), at=NOW + HOUR, by=organizer, now=NOW)
    fields = {"title": "T", "addressee": "A", "body": "B", "summary": "", "action": "schedule"}
    browser = browser_of(organizer)
    seen = browser.get(PAGE).content.decode().split('name="seen" value="')[1].split('"')[0]
    page = browser.post(PAGE, {**fields, "seen": seen, "publish_at": "2099-01-01T12:00"}, follow=True)
    assert "Your changes are saved, but the letter is not scheduled. The people who run this site" in words(page)
    assert Letter.objects.get().publish_at is None


def test_what_cannot_happen_any_more_stays_scheduled_and_is_told_once(
    late: Letter, teammate: User, moderator: User, post: list[EmailMessage]
) -> None:
    for minute in range(3):
        publish_due(now=NOW + HOUR + timedelta(minutes=minute))
    letter = Letter.objects.get()
    assert (letter.status, letter.publish_at, letter.publish_refused) == ("draft", NOW + HOUR, "not_cleared")
    assert [message.to for message in post] == [["olga@example.org"], ["tariq@example.org"]]
    assert post[0].subject == "A letter could not be published on time"
    assert "They have not reviewed yours yet" in str(post[0].body)
    event = AuditEvent.objects.get(verb="fail_publication")
    assert (event.reason, event.actor) == ("not_cleared", None)


def test_the_page_says_why_it_waits(late: Letter, organizer: User) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    text = words(browser_of(organizer).get(PAGE))
    assert "but could not be. We will publish it as soon as possible, unless you cancel." in text
    assert "They have not reviewed yours yet" in text
    assert "Keep the night trains running Delayed" in words(browser_of(organizer).get("/organize/"))


def test_it_is_published_as_soon_as_the_obstacle_is_gone(late: Letter, staff: User) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    clear_collective(late.collective, by=staff, now=NOW + HOUR)
    assert publish_if_due(late.pk, now=NOW + 2 * HOUR)
    letter = Letter.objects.get()
    assert (letter.status, letter.publish_at, letter.publish_refused) == ("published", None, "")


def test_another_cause_is_told_too(late: Letter, organizer: User, staff: User, post: list[EmailMessage]) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    Letter.objects.update(publish_refused="nobody_left")
    publish_if_due(late.pk, now=NOW + HOUR)
    assert len(post) == 2


def test_cancelling_ends_it(late: Letter, organizer: User) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    browser_of(organizer).post(f"{PAGE}state/", {"action": "unschedule"})
    letter = Letter.objects.get()
    assert (letter.publish_at, letter.publish_refused) == (None, "")
    assert letters_due(timezone.now()) == []


def test_if_nobody_can_be_told_it_is_tried_again(
    late: Letter, post: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(current_app, "send_task", Mock(side_effect=OperationalError))
        publish_due(now=NOW + HOUR)
    assert Letter.objects.get().publish_refused == ""
    publish_due(now=NOW + HOUR)
    assert len(post) == 1


def test_letters_that_wait_keep_no_other_waiting(draft: LetterMaker) -> None:
    for place in range(101):
        draft(f"letter-{place}", publish_at=NOW, publish_refused="not_cleared")
    new = draft("new", publish_at=NOW + HOUR)
    assert letters_due(NOW + HOUR)[0] == new.pk
