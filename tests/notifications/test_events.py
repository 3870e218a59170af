"""Events about which members and staff get an email: each once, each only to people who may know."""

from datetime import timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from letters.models import (
    Collective,
    EmailChoices,
    Letter,
    LetterReview,
    Notification,
    NotificationKind,
    OutgoingEmail,
    User,
)
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import clear_collective, publish_if_due, schedule_letter
from letters.organizer.notifications.operations import RETENTION, announce, forget_notifications
from letters.organizer.notifications.tasks import end_days, notify
from letters.organizer.updates.operations import UpdateText, send_update, write_update
from tests.conftest import LetterMaker
from tests.notifications.conftest import Mails, tell
from tests.people import NOW

pytestmark = pytest.mark.django_db

OLGA, TARIQ, MONA, SARA = "olga@example.org", "tariq@example.org", "mona@example.org", "sara@example.org"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_owners_and_editors_are_told_that_a_scheduled_letter_was_published(
    draft: LetterMaker, organizer: User, teammate: User, moderator: User, mails_to: Mails
) -> None:
    letter = draft()
    schedule_letter(letter, at=NOW + HOUR, by=organizer, now=NOW)
    publish_if_due(letter.pk, now=NOW + HOUR)
    for _ in range(2):
        notify(now=NOW + HOUR)
    (message,) = mails_to(OLGA)
    assert message.subject == "Your scheduled letter is live"
    assert "/letters/night-trains/" in str(message.body)
    assert (len(mails_to(TARIQ)), len(mails_to(MONA))) == (1, 0)


def test_no_email_about_a_letter_that_a_person_published(letter: Letter) -> None:
    assert not Notification.objects.exists()


def test_a_letter_that_was_published_after_all_is_not_reported_as_waiting(
    draft: LetterMaker, organizer: User, settings: Settings, mails_to: Mails
) -> None:
    letter = draft()
    schedule_letter(letter, at=NOW + HOUR, by=organizer, now=NOW)
    settings.CLEAR_COLLECTIVES_FIRST = True
    publish_if_due(letter.pk, now=NOW + HOUR)
    settings.CLEAR_COLLECTIVES_FIRST = False
    publish_if_due(letter.pk, now=NOW + 2 * HOUR)
    notify(now=NOW + 2 * HOUR)
    assert [message.subject for message in mails_to(OLGA)] == ["Your scheduled letter is live"]


def test_clearing_is_reported_once(letter: Letter, moderator: User, staff: User, mails_to: Mails) -> None:
    for _ in range(2):
        clear_collective(letter.collective, by=staff, now=NOW)
        notify(now=NOW)
    (message,) = mails_to(OLGA)
    assert "have reviewed this collective" in str(message.body)
    assert not mails_to(MONA)


def test_an_update_comes_as_a_copy_without_a_signers_links(
    letter: Letter, organizer: User, teammate: User, mails_to: Mails
) -> None:
    text = UpdateText(title="The minister has asked us in", body="[Agenda](https://example.org/a)", language="en")
    update = write_update(letter, text=text, by=organizer, now=NOW)
    send_update(update, seen=update.version, by=organizer, now=NOW)
    notify(now=NOW)
    (message,) = mails_to(TARIQ)
    html = str(message.alternatives[0][0])
    assert str(message.body).count("a copy") == 1
    # The preheader, and the line that shows it.
    assert html.count("a copy") == 2
    assert "https://example.org/a" in str(message.body)
    assert "/signatures/" not in str(message.body)
    assert message.extra_headers["List-Unsubscribe"].startswith("<http")
    # The copies do not belong to the update's own count.
    assert not OutgoingEmail.objects.filter(update=update).exists()


def test_one_cause_is_reported_once(letter: Letter) -> None:
    for _ in range(2):
        announce(NotificationKind.PUBLISHED, letter.pk, collective=letter.collective, letter=letter, now=NOW)
    assert Notification.objects.count() == 1


# Staff


def test_staff_are_told_of_new_collectives_together(
    organizer: User, staff: User, settings: Settings, mails_to: Mails
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    for number in range(30):
        create_collective(name=f"Group {number}", by=organizer, now=NOW)
    for minute in range(2, 50, 10):
        end_days(now=NOW + minute * MINUTE)
    (message,) = mails_to(SARA)
    assert "- Group 19\n- and more" in str(message.body)
    mail.outbox.clear()
    create_collective(name="Another", by=organizer, now=NOW + 5 * MINUTE)
    end_days(now=NOW + 30 * MINUTE)
    assert not mails_to(SARA)
    end_days(now=NOW + 70 * MINUTE)
    assert "Another" in str(mails_to(SARA)[0].body)


def test_staff_are_told_of_a_collective_that_asks_to_invite_again(letter: Letter, staff: User, mails_to: Mails) -> None:
    Collective.objects.update(asked_to_invite_at=NOW)
    end_days(now=NOW + 2 * MINUTE)
    assert "Friends of the Night Train" in str(mails_to(SARA)[0].body)


def test_a_collective_cleared_meanwhile_is_not_in_it(
    organizer: User, staff: User, settings: Settings, mails_to: Mails
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    collective = create_collective(name="Group", by=organizer, now=NOW)
    end_days(now=NOW + 2 * MINUTE)
    clear_collective(collective, by=staff, now=NOW + 2 * MINUTE)
    assert not mails_to(SARA)


def test_only_staff_who_may_see_collectives_are_told(
    letter: Letter, organizer: User, settings: Settings, mails_to: Mails
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    User.objects.create_user("plain@example.org", is_staff=True)
    User.objects.create_superuser("root@example.org")
    end_days(now=NOW + 2 * MINUTE)
    assert (len(mails_to("plain@example.org")), len(mails_to(OLGA)), len(mails_to("root@example.org"))) == (0, 0, 1)


def test_without_clearing_nobody_waits(letter: Letter, staff: User, mails_to: Mails) -> None:
    end_days(now=NOW + 2 * MINUTE)
    assert not mails_to(SARA)


def test_staff_can_switch_it_off(letter: Letter, staff: User, settings: Settings, mails_to: Mails) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    EmailChoices.objects.create(account=staff, topics={"collectives_wait": False})
    end_days(now=NOW + 2 * MINUTE)
    assert not mails_to(SARA)


# Deleting


def test_old_notifications_go_with_their_emails(letter: Letter, staff: User, settings: Settings) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    LetterReview.objects.all().delete()
    clear_collective(letter.collective, by=staff, now=NOW)
    create_collective(name="Group", by=staff, now=NOW)
    tell(NOW + 2 * MINUTE)
    assert OutgoingEmail.objects.filter(kind="notification").count() == 2
    forget_notifications(now=NOW + RETENTION + HOUR)
    # The last notification about collectives stays, because the next one begins where it ended.
    assert [each.kind for each in Notification.objects.all()] == ["collectives_wait"]
    assert OutgoingEmail.objects.filter(kind="notification").count() == 1
