"""A letter that cannot be published at its time: refused when it is scheduled, or kept, with an email about it."""

from datetime import datetime, timedelta
from unittest.mock import Mock

import pytest
from celery import current_app
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import Settings

from letters.models import AuditEvent, Letter, Translation, User
from letters.organizer.letter_editor.operations import clear_collective, publish_if_due, schedule_letter
from letters.organizer.letter_editor.queries import letters_due
from letters.organizer.letter_editor.tasks import publish_due
from letters.organizer.notifications.tasks import notify
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, browser_of, deliver, words

HOUR = timedelta(hours=1)
PAGE = "/organize/letters/night-trains/"


def post(now: datetime = NOW + HOUR) -> list[EmailMessage]:
    """Return the emails sent so far, after a worker has sent the notifications."""
    notify(now=now)
    deliver()
    return mail.outbox


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("sara@example.org", is_staff=True)


@pytest.fixture
def late(draft: LetterMaker, organizer: User, settings: Settings) -> Letter:
    """Schedule a letter that could be published then, and cannot be now."""
    letter = draft()
    schedule_letter(letter, at=NOW + HOUR, by=organizer, now=NOW)
    settings.CLEAR_COLLECTIVES_FIRST = True
    return letter


def test_a_letter_that_cannot_be_published_is_not_scheduled(
    draft: LetterMaker, organizer: User, settings: Settings
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    with pytest.raises(Refused, match="not_cleared"):
        schedule_letter(draft(), at=NOW + HOUR, by=organizer, now=NOW)
    fields = {"title": "T", "addressee": "A", "body": "B", "summary": "", "action": "schedule"}
    browser = browser_of(organizer)
    seen = browser.get(PAGE).content.decode().split('name="seen" value="')[1].split('"')[0]
    page = browser.post(PAGE, {**fields, "seen": seen, "publish_at": "2099-01-01T12:00"}, follow=True)
    assert "Your changes are saved, but the letter is not scheduled. The people who run this site" in words(page)
    assert Letter.objects.get().publish_at is None


def test_a_scheduled_letter_with_a_new_problem_stays_scheduled_and_is_reported_once(
    late: Letter, teammate: User, moderator: User
) -> None:
    for minute in range(3):
        publish_due(now=NOW + HOUR + timedelta(minutes=minute))
    letter = Letter.objects.get()
    assert (letter.status, letter.publish_at, letter.publish_refused) == ("draft", NOW + HOUR, "not_cleared")
    sent = post()
    assert [message.to for message in sent] == [["olga@example.org"], ["tariq@example.org"]]
    assert sent[0].subject == "A letter could not be published on time"
    assert "They have not reviewed yours yet" in str(sent[0].body)
    event = AuditEvent.objects.get(verb="fail_publication")
    assert (event.reason, event.actor) == ("not_cleared", None)


def test_the_page_says_why_the_letter_waits(late: Letter, organizer: User) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    text = words(browser_of(organizer).get(PAGE))
    assert "but could not be. We will publish it as soon as possible, unless you cancel." in text
    assert "They have not reviewed yours yet" in text
    assert "Keep the night trains running Delayed" in words(browser_of(organizer).get("/organize/"))


def test_the_letter_is_published_as_soon_as_the_problem_is_gone(late: Letter, staff: User) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    clear_collective(late.collective, by=staff, now=NOW + HOUR)
    assert publish_if_due(late.pk, now=NOW + 2 * HOUR)
    letter = Letter.objects.get()
    assert (letter.status, letter.publish_at, letter.publish_refused) == ("published", None, "")


def test_another_problem_is_reported_too(late: Letter, organizer: User, settings: Settings) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    assert len(post()) == 1
    settings.CLEAR_COLLECTIVES_FIRST = False
    Translation.objects.filter(language="en").delete()
    publish_if_due(late.pk, now=NOW + HOUR)
    assert len(post()) == 2


def test_cancelling_ends_the_schedule(late: Letter, organizer: User) -> None:
    publish_if_due(late.pk, now=NOW + HOUR)
    browser_of(organizer).post(f"{PAGE}state/", {"action": "unschedule"})
    letter = Letter.objects.get()
    assert (letter.publish_at, letter.publish_refused) == (None, "")
    assert letters_due(timezone.now()) == []


def test_owners_are_told_later_if_the_broker_is_unavailable(late: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(current_app, "send_task", Mock(side_effect=OperationalError))
        publish_due(now=NOW + HOUR)
    assert Letter.objects.get().publish_refused == "not_cleared"
    assert len(post()) == 1


def test_waiting_letters_delay_no_other(draft: LetterMaker) -> None:
    for place in range(101):
        draft(f"letter-{place}", publish_at=NOW, publish_refused="not_cleared")
    new = draft("new", publish_at=NOW + HOUR)
    assert letters_due(NOW + HOUR)[0] == new.pk
