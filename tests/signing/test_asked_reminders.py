"""Organizers can have confirmations sent again and learn nothing: they go to the same addresses, signed or not."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from letters.models import AuditEvent, Letter, OutgoingEmail, Signature, User
from letters.organizer.dashboard.operations import ask_to_remind
from letters.organizer.letter_editor.operations import close_letter
from letters.shared.refused import Refused
from letters.signer.signing.operations import (
    confirm_signature,
    disown_signature,
    forget_submissions,
    remind_asked,
    remind_unconfirmed,
)
from tests.people import NOW, browser_of, deliver, publish, sign, sign_and_confirm, signature_of, words

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
PAGE = "/organize/letters/night-trains/dashboard/"
BUTTON = "/organize/letters/night-trains/remind/"


def asked(letter: Letter, organizer: User, now: datetime) -> list[str]:
    """Ask, let the clock and the worker run, and return who got an email."""
    ask_to_remind(letter, by=organizer, now=now)
    remind_asked(now=now + timedelta(minutes=5))
    OutgoingEmail.objects.exclude(key__startswith="reminder_asked").update(dropped_at=None, sent_at=NOW)
    mail.outbox.clear()
    deliver()
    return sorted(message.to[0] for message in mail.outbox)


def test_everyone_who_typed_an_address_lately_gets_one_email_signed_or_not(letter: Letter, organizer: User) -> None:
    """Privacy: a company's mail log must not show who still has to confirm."""
    sign_and_confirm(letter, "public@example.org", now=NOW - timedelta(days=7))
    sign_and_confirm(letter, "nobody@example.org", now=NOW - timedelta(days=7), display="nobody", name="")
    publish(NOW)
    emails = ["new@example.org", "nobody@example.org", "public@example.org"]
    for email in emails:
        sign(letter, email, now=NOW, name="Someone")
    assert asked(letter, organizer, NOW + 5 * HOUR) == emails
    sizes = {len(message.message().as_bytes()) for message in mail.outbox}
    assert len({each // 1024 for each in sizes}) == 1
    assert len({message.subject for message in mail.outbox}) == 1


def test_the_emails_are_spread_over_an_hour(letter: Letter, organizer: User) -> None:
    for number in range(20):
        sign(letter, f"new{number}@example.org", now=NOW)
    ask_to_remind(letter, by=organizer, now=NOW + 5 * HOUR)
    assert remind_asked(now=NOW + 5 * HOUR) == 20
    times = OutgoingEmail.objects.filter(key__startswith="reminder_asked").values_list("next_attempt_at", flat=True)
    assert len(set(times)) == 20
    assert NOW + 5 * HOUR <= min(times) < max(times) <= NOW + 6 * HOUR
    assert sorted(times) != list(times.order_by("pk"))


def test_a_request_is_served_once_and_accepted_once_a_day(letter: Letter, organizer: User) -> None:
    sign(letter, "new@example.org", now=NOW)
    for hours in (5, 6, 20):
        ask_to_remind(letter, by=organizer, now=NOW + hours * HOUR)
    assert [remind_asked(now=NOW + 5 * HOUR + minutes * timedelta(minutes=1)) for minutes in (1, 11)] == [1, 0]
    ask_to_remind(letter, by=organizer, now=NOW + 30 * HOUR)
    assert remind_asked(now=NOW + 30 * HOUR) == 1
    assert AuditEvent.objects.filter(verb="resend_confirmations").count() == 2


def test_an_address_gets_no_more_than_three_emails_a_day(letter: Letter, organizer: User) -> None:
    now = timezone.now()
    for seconds in (0, 1, 2):
        sign(letter, "new@example.org", now=now - 5 * HOUR + seconds * timedelta(seconds=400))
    OutgoingEmail.objects.update(sent_at=now - 4 * HOUR)
    ask_to_remind(letter, by=organizer, now=now)
    remind_asked(now=now)
    OutgoingEmail.objects.filter(sent_at=None).update(next_attempt_at=now)
    deliver()
    assert not mail.outbox
    assert OutgoingEmail.objects.owed().get().put_off_at


@pytest.mark.parametrize("hours", [0.5, 71, 100])
def test_nobody_gets_one_too_early_or_once_addresses_of_signers_are_deleted(
    letter: Letter, organizer: User, hours: float
) -> None:
    sign(letter, "new@example.org", now=NOW)
    ask_to_remind(letter, by=organizer, now=NOW + hours * HOUR)
    assert remind_asked(now=NOW + hours * HOUR) == 0


def test_a_stopped_clock_does_not_single_out_those_who_wait(letter: Letter, organizer: User) -> None:
    """Addresses of people who had signed are deleted after the last reminder."""
    sign_and_confirm(letter, "known@example.org", now=NOW - timedelta(days=7), display="nobody", name="")
    publish(NOW)
    for email in ("known@example.org", "new@example.org"):
        sign(letter, email, now=NOW, name="Someone")
    ask_to_remind(letter, by=organizer, now=NOW + 69 * HOUR)
    late = NOW + 74 * HOUR
    remind_unconfirmed(now=late)
    OutgoingEmail.objects.update(sent_at=NOW)
    assert remind_asked(now=late) == 0
    forget_submissions(now=late)


def test_a_person_who_has_answered_gets_no_reminder_that_says_otherwise(letter: Letter, organizer: User) -> None:
    for email in ("confirms@example.org", "disowns@example.org"):
        sign(letter, email, now=NOW)
    confirm_signature(signature_of(letter, "confirms@example.org"), verified=Signature.Verified.LINK, now=NOW + HOUR)
    disown_signature(signature_of(letter, "disowns@example.org"), now=NOW + HOUR)
    assert asked(letter, organizer, NOW + 5 * HOUR) == []


def test_other_letters_are_left_alone(letter: Letter, published: object, organizer: User) -> None:
    other = published("day-trains")  # type: ignore[operator]
    sign(other, "new@example.org", now=NOW)
    ask_to_remind(letter, by=organizer, now=NOW + 5 * HOUR)
    assert remind_asked(now=NOW + 5 * HOUR) == 0


def test_a_letter_that_takes_no_confirmations_refuses(letter: Letter, organizer: User) -> None:
    close_letter(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="closed"):
        ask_to_remind(letter, by=organizer, now=NOW + timedelta(days=2))


# The page


def test_the_page_and_the_answer_are_the_same_whether_or_not_someone_waits(letter: Letter, organizer: User) -> None:
    browser, pages = browser_of(organizer), []
    for number in range(2):
        pages.append([words(browser.get(PAGE)), words(browser.post(BUTTON, follow=True)), words(browser.get(PAGE))])
        Letter.objects.update(reminder_asked_at=None)
        if number == 0:
            sign(letter, "new@example.org", now=timezone.now() - 5 * HOUR)
            OutgoingEmail.objects.update(sent_at=timezone.now())
    assert pages[0] == pages[1]
    assert "Send again to all" in pages[0][0]
    assert "We are sending the emails. It can take an hour or two." in pages[0][1]
    assert "You sent them again on" in pages[0][2]
    assert "Send again to all" not in pages[0][2]


def test_moderators_and_strangers_cannot(letter: Letter, moderator: User, stranger: User) -> None:
    for person in (moderator, stranger):
        assert browser_of(person).post(BUTTON).status_code == 404
    assert Client().post(BUTTON).status_code == 302
    letter.refresh_from_db()
    assert letter.reminder_asked_at is None
    assert "Send again to all" not in words(browser_of(moderator).get(PAGE))
