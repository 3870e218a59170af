"""Moderators of the site read once a day that reports or appeals wait, and never who reported what."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from letters.models import EmailChoices, Letter, LetterReview, Notification, Report, TakeDown, User
from letters.moderator.reports.operations import Notice, report_letter
from letters.organizer.notifications.operations import forget_notifications
from letters.organizer.notifications.queries import topics_for
from letters.organizer.notifications.tasks import end_days
from tests.notifications.conftest import Mails
from tests.people import NOW

pytestmark = pytest.mark.django_db

WANDA = "wanda@example.org"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def warden(db: None) -> User:
    user = User.objects.create_user(WANDA, name="Wanda", moderates_site=True)
    EmailAddress.objects.create(user=user, email=WANDA, verified=True, primary=True)
    return user


@pytest.fixture
def letter(letter: Letter, warden: User) -> Letter:
    """A letter whose text a moderator has looked at."""
    LetterReview.objects.update(outcome="fine", decided_at=NOW, decided_by=warden)
    return letter


def report(letter: Letter, words: str, *, at: timedelta = timedelta()) -> Report:
    notice = Notice(reason="illegal", words=words, name="Rita Reader", address="rita@example.org")
    return report_letter(letter, notice=notice, language="en", now=NOW + at)


def test_a_report_is_told_to_moderators_of_the_site_alone(
    letter: Letter, organizer: User, warden: User, mails_to: Mails
) -> None:
    staff = User.objects.create_superuser("sara@example.org")
    report(letter, "This is a lie about me.")
    end_days(now=NOW + 2 * MINUTE)
    (mail,) = mails_to(WANDA)
    assert "Readers have reported 1 letter." in mail.body
    assert "/site/letters/" in mail.body
    said = str(mail.body) + str(mail.subject)
    assert not [each for each in ("Rita", "rita@", "lie about me", "night trains", "Night Train") if each in said]
    assert not mails_to(staff.email)
    assert not mails_to(organizer.email)


def test_at_most_one_a_day_and_only_about_something_new(letter: Letter, warden: User, mails_to: Mails) -> None:
    report(letter, "First.")
    end_days(now=NOW + 2 * MINUTE)
    assert len(mails_to(WANDA)) == 1
    report(letter, "Second.", at=timedelta(hours=1))
    end_days(now=NOW + timedelta(hours=2))
    assert len(mails_to(WANDA)) == 1
    end_days(now=NOW + DAY + timedelta(hours=1))
    assert len(mails_to(WANDA)) == 2
    end_days(now=NOW + 3 * DAY)
    assert len(mails_to(WANDA)) == 2


def test_what_was_decided_in_the_meantime_is_not_told(letter: Letter, warden: User, mails_to: Mails) -> None:
    report(letter, "First.")
    Report.objects.update(outcome="nothing", decided_at=NOW, decided_by=warden)
    end_days(now=NOW + 2 * MINUTE)
    assert not mails_to(WANDA)


def test_an_appeal_is_told_too(letter: Letter, organizer: User, warden: User, mails_to: Mails) -> None:
    facts = {"ground": "rules", "named": "Rule 1", "facts": "It advertises.", "found_by": "moderator"}
    down = {"taken_down_at": NOW, "taken_down_by": warden, "status_before": "published"}
    appeal = {"appeal": "It does not.", "appealed_at": NOW, "appealed_by": organizer}
    TakeDown.objects.create(letter=letter, **facts, **down, **appeal)
    end_days(now=NOW + 2 * MINUTE)
    (mail,) = mails_to(WANDA)
    assert "1 appeal against a take-down is waiting." in mail.body


def test_a_text_that_waits_for_review_is_told_too(letter: Letter, warden: User, mails_to: Mails) -> None:
    end_days(now=NOW + 2 * MINUTE)
    assert not mails_to(WANDA)
    LetterReview.objects.update(outcome="", decided_at=None, decided_by=None)
    end_days(now=NOW + 3 * MINUTE)
    (mail,) = mails_to(WANDA)
    assert "1 text of a letter is waiting for review." in mail.body
    assert "/site/letters-to-review/" in mail.body
    assert "/site/letters/\n" not in f"{mail.body}\n"
    assert "Night" not in str(mail.body) + str(mail.subject)


def test_moderators_can_switch_it_off(letter: Letter, warden: User, organizer: User, mails_to: Mails) -> None:
    assert "reports_wait" in topics_for(warden)
    assert "reports_wait" not in topics_for(organizer)
    EmailChoices.objects.create(account=warden, topics={"reports_wait": False})
    report(letter, "First.")
    end_days(now=NOW + 2 * MINUTE)
    assert not mails_to(WANDA)


def test_the_last_one_stays_so_that_old_reports_are_not_told_again(letter: Letter, warden: User) -> None:
    report(letter, "First.")
    end_days(now=NOW + 2 * MINUTE)
    forget_notifications(now=NOW + 90 * DAY)
    end_days(now=NOW + 91 * DAY)
    assert Notification.objects.count() == 1
