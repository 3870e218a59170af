"""The daily email: what it says, what it never says, and that no day is lost or reported twice."""

from datetime import timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters.models import (
    TOPICS_OF,
    Collective,
    Letter,
    LetterReview,
    Notification,
    NotificationKind,
    OutgoingEmail,
    Signature,
    User,
)
from letters.organizer.letter_editor.operations import withdraw_letter
from letters.organizer.notifications import operations, queries
from letters.organizer.notifications.daily_email import days_of, span_to_tell
from letters.organizer.notifications.tasks import end_days, notify
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.notifications.conftest import MORNING, NEXT_MORNING, Mails, tell
from tests.people import NOW, Reader, add_confirmed, add_published, deliver, in_threads, publish

pytestmark = pytest.mark.django_db

OLGA, TARIQ, MONA = "olga@example.org", "tariq@example.org", "mona@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def body(mails: list[mail.EmailMultiAlternatives]) -> str:
    (message,) = mails
    return " ".join(str(message.body).split())


def first(letter: Letter, number: int = 1, **values: Any) -> None:
    add_confirmed(letter, number, is_first=True, **values)
    publish(NOW)
    letter.refresh_from_db()


# The time


def test_it_leaves_in_the_morning_and_never_when_someone_signs(letter: Letter, mails_to: Mails) -> None:
    for hour in range(20):
        add_published(letter, 1, now=NOW + hour * HOUR)
        tell(NOW + hour * HOUR)
        assert not mails_to(OLGA), hour
    tell(MORNING)
    assert "12 new signatures" in body(mails_to(OLGA))


def test_the_daily_email_covers_whole_days_only(letter: Letter, mails_to: Mails) -> None:
    add_published(letter, 3)
    add_published(letter, 5, now=MORNING - HOUR)
    tell(MORNING)
    assert "3 new signatures. The letter now has 8." in body(mails_to(OLGA))


def test_the_daily_email_leaves_in_the_collectives_time_zone(letter: Letter, mails_to: Mails) -> None:
    Collective.objects.update(timezone="America/New_York")
    Letter.objects.update(timezone="America/New_York")
    add_published(letter, 3)
    tell(MORNING)
    assert not mails_to(OLGA)
    tell(MORNING + 5 * HOUR)
    assert "March 3, 2025" in body(mails_to(OLGA))


def test_a_day_without_anything_brings_no_email(letter: Letter, mails_to: Mails) -> None:
    LetterReview.objects.all().delete()
    tell(MORNING)
    assert not mails_to(OLGA)
    assert not Notification.objects.exists()


def test_days_on_which_no_worker_ran_are_reported_together(letter: Letter, mails_to: Mails) -> None:
    add_published(letter, 1)
    tell(MORNING)
    assert mails_to(OLGA)
    mail.outbox.clear()
    add_published(letter, 2, now=MORNING + HOUR)
    add_published(letter, 3, now=MORNING + 2 * DAY)
    tell(MORNING + 4 * DAY)
    said = body(mails_to(OLGA))
    assert "5 new signatures" in said
    assert "from March 4, 2025 to March 7, 2025" in said


def test_changing_the_time_zone_brings_no_shorter_day(letter: Letter, mails_to: Mails) -> None:
    """Privacy: otherwise an owner would learn in which hours someone signed."""
    tell(MORNING)
    for zone in ("Pacific/Kiritimati", "Pacific/Auckland", "Asia/Tokyo", "Asia/Dhaka", "Europe/Rome", "UTC"):
        Collective.objects.update(timezone=zone)
        Letter.objects.update(timezone=zone)
        for hour in range(20):
            tell(MORNING + hour * HOUR)
            assert Collective.objects.get().told_until == MORNING.replace(hour=0), (zone, hour)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Rome", "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"])
def test_each_moment_is_reported_once(collective: Collective, zone: str) -> None:
    """Days follow each other without a gap, in every zone, even when the clocks change."""
    collective.timezone = zone
    spans, told = [], None
    for hour in range(24 * 60):
        span = span_to_tell(collective.zone(), told, now=NOW + hour * HOUR)
        if span:
            spans.append(span)
            told = span[1]
    assert 59 <= len(spans) <= 61
    assert all(before[1] == after[0] for before, after in pairwise(spans))


# Contents


def test_it_gives_the_numbers_of_the_public_page(letter: Letter, reader: Reader, mails_to: Mails) -> None:
    add_published(letter, 1200, display="nobody")
    tell(MORNING)
    assert reader.count(letter)["published"] == 1200
    assert "1,200 new signatures. The letter now has 1,200." in body(mails_to(OLGA))


def test_it_says_once_that_the_goal_is_reached(letter: Letter, mails_to: Mails) -> None:
    Letter.objects.update(goal=10)
    add_published(letter, 9)
    tell(MORNING)
    assert "goal" not in body(mails_to(OLGA))
    mail.outbox.clear()
    add_published(letter, 1, now=MORNING)
    tell(NEXT_MORNING)
    assert "The letter has reached its goal of 10 signatures." in body(mails_to(OLGA))
    mail.outbox.clear()
    add_published(letter, 1, now=NEXT_MORNING)
    tell(NEXT_MORNING + DAY)
    assert "goal" not in body(mails_to(OLGA))


def test_a_goal_that_is_reached_again_is_not_told_again(letter: Letter, mails_to: Mails) -> None:
    Letter.objects.update(goal=10)
    add_published(letter, 10)
    tell(MORNING)
    assert "reached its goal" in body(mails_to(OLGA))
    mail.outbox.clear()
    for signature in letter.signatures.order_by("pk")[:2]:
        withdraw_signature(signature, now=MORNING)
    publish(MORNING)
    add_published(letter, 1, now=MORNING + HOUR)
    tell(NEXT_MORNING)
    assert "The letter now has 9." in body(mails_to(OLGA))
    mail.outbox.clear()
    add_published(letter, 1, now=NEXT_MORNING)
    tell(NEXT_MORNING + DAY)
    assert "The letter now has 10." in body(mails_to(OLGA))
    assert "goal" not in body(mails_to(OLGA))


@pytest.mark.parametrize(("number", "said"), [(1, "Fewer than 10"), (9, "Fewer than 10"), (37, "At least 30")])
def test_it_says_roughly_how_many_wait(letter: Letter, mails_to: Mails, number: int, said: str) -> None:
    add_confirmed(letter, number, state=Signature.State.HELD)
    publish(NOW)
    tell(MORNING)
    assert said in body(mails_to(OLGA))
    assert "/moderate/" in body(mails_to(OLGA))


def test_waiting_signatures_are_reported_once(letter: Letter, mails_to: Mails) -> None:
    add_confirmed(letter, 3, state=Signature.State.HELD)
    tell(MORNING)
    assert mails_to(OLGA)
    mail.outbox.clear()
    tell(NEXT_MORNING)
    assert not mails_to(OLGA)


def test_a_withdrawn_letter_is_not_in_it(letter: Letter, organizer: User, mails_to: Mails) -> None:
    add_published(letter, 3)
    Letter.objects.update(status="withdrawn", withdrawn_because="x")
    tell(MORNING)
    assert not mails_to(OLGA)


# Names


def test_first_signatories_with_public_names_are_named(letter: Letter, mails_to: Mails) -> None:
    first(letter, 2)
    tell(MORNING)
    assert "First signatories who signed: Signer 1, Signer 2" in body(mails_to(OLGA))


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_first_signatories_without_public_names_are_not_mentioned(
    letter: Letter, mails_to: Mails, display: str
) -> None:
    """Neither their names nor their number are mentioned: the email is the same as if they had signed with the form."""
    first(letter, 2, display=display)
    tell(MORNING)
    said = body(mails_to(OLGA))
    assert "irst signator" not in said
    assert "Signer" not in said


def test_other_signers_are_not_named(letter: Letter, mails_to: Mails) -> None:
    add_published(letter, 2)
    tell(MORNING)
    assert "Signer" not in body(mails_to(OLGA))


def test_before_publication_it_names_nobody_and_gives_no_count(draft: LetterMaker, mails_to: Mails) -> None:
    """The public cannot read those names yet, so an email must not spread them."""
    letter = draft()
    revision = letter.revisions.get()
    letter.current_revision = revision
    add_confirmed(letter, 1, is_first=True)
    add_confirmed(letter, 5, is_first=True, display="nobody")
    publish(NOW)
    tell(MORNING)
    said = body(mails_to(OLGA))
    assert "1 first signatory signed with a public name. This email does not say who" in said
    assert "Signer" not in said
    assert "6" not in said.replace("2026", "").split("http")[0]


def test_many_first_signatories_are_counted(letter: Letter, mails_to: Mails) -> None:
    first(letter, 23)
    tell(MORNING)
    assert "Signer 20 and 3 more" in body(mails_to(OLGA))


@pytest.mark.parametrize("change", ["withdrawn", "hidden", "removed"])
def test_a_name_that_goes_while_the_email_waits_is_not_in_it(letter: Letter, mails_to: Mails, change: str) -> None:
    first(letter, 2)
    tell(MORNING)
    assert OutgoingEmail.objects.owed().filter(kind="notification").exists()
    gone = Signature.objects.get(name="Signer 1")
    if change == "withdrawn":
        withdraw_signature(gone, now=MORNING)
    elif change == "hidden":
        Signature.objects.filter(pk=gone.pk).update(display="organizers")
    else:
        Signature.objects.filter(pk=gone.pk).update(state="rejected")
    said = body(mails_to(OLGA))
    assert "Signer 2" in said
    assert "Signer 1" not in said


def test_if_nothing_is_left_to_say_no_email_leaves(letter: Letter, organizer: User, mails_to: Mails) -> None:
    add_published(letter, 1)
    tell(MORNING)
    withdraw_letter(letter, reason="A mistake.", by=organizer, now=MORNING)
    assert not [each for each in mails_to(OLGA) if "a daily" in str(each.body)]
    assert OutgoingEmail.objects.filter(kind="notification", dropped_at__isnull=False).exists()


# Recipients


def test_moderators_read_what_moderators_do(letter: Letter, teammate: User, moderator: User, mails_to: Mails) -> None:
    first(letter)
    add_confirmed(letter, 1, state=Signature.State.HELD)
    Letter.objects.update(goal=1)
    publish(NOW)
    tell(MORNING)
    theirs = body(mails_to(MONA))
    assert ("waiting for review" in theirs, "goal" in theirs, "Signer" in theirs) == (True, False, False)
    theirs = body(mails_to(TARIQ))
    assert ("waiting for review" in theirs, "goal" in theirs, "Signer" in theirs) == (False, True, True)


def test_members_of_other_collectives_get_none(letter: Letter, stranger: User, mails_to: Mails) -> None:
    add_published(letter, 1)
    tell(MORNING)
    assert not mails_to("sven@example.org")


# Once, even if workers crash


class Dies(Exception):
    """The worker is killed."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["days_of", "announce"])
def test_a_worker_that_dies_loses_no_day(
    letter: Letter, mails_to: Mails, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    add_published(letter, 3)

    def die(*args: object, **kwargs: object) -> None:
        raise Dies

    with monkeypatch.context() as patched:
        patched.setattr(operations, where, die)
        with pytest.raises(Dies):
            end_days(now=MORNING)
    assert not Notification.objects.exists()
    tell(MORNING + HOUR)
    assert "3 new signatures" in body(mails_to(OLGA))


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_while_it_creates_emails_loses_and_doubles_none(
    letter: Letter, teammate: User, mails_to: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_published(letter, 3)
    create = OutgoingEmail.objects.bulk_create

    def create_and_die(emails: list[OutgoingEmail], **options: object) -> None:
        create(emails, ignore_conflicts=True)
        raise Dies

    with monkeypatch.context() as patched:
        patched.setattr(OutgoingEmail.objects, "bulk_create", create_and_die)
        with pytest.raises(Dies):
            end_days(now=MORNING)
    assert Notification.objects.filter(kind="daily").count() == 1
    assert not OutgoingEmail.objects.filter(kind="notification").exists()
    notify(now=MORNING)
    notify(now=MORNING)
    assert "3 new signatures" in body(mails_to(OLGA))
    assert "3 new signatures" in body(mails_to(TARIQ))


@pytest.mark.django_db(transaction=True)
def test_workers_that_run_at_once_report_a_day_once(letter: Letter, mails_to: Mails) -> None:
    add_published(letter, 3)
    together = Barrier(4, timeout=20)

    def work(_: int) -> None:
        (untold,) = queries.collectives_to_tell(MORNING)
        together.wait()
        operations.end_day(untold, NOW - DAY, MORNING.replace(hour=0), now=MORNING)
        notify(now=MORNING)

    in_threads(work, range(4), threads=4)
    assert Notification.objects.count() == 1
    assert len(mails_to(OLGA)) == 1


# Cost


def test_many_signatures_cost_what_one_does(letter: Letter, published: LetterMaker) -> None:
    add_published(letter, 1)
    quiet = _queries(letter.collective)
    add_published(letter, 1500)
    assert _queries(letter.collective) == quiet == 2


def _queries(collective: Collective) -> int:
    topics = TOPICS_OF[NotificationKind.DAILY]
    with CaptureQueriesContext(connection) as found:
        assert days_of(collective, NOW - DAY, NOW + DAY, topics)
    return len(found)


def test_signing_and_confirming_announce_nothing(letter: Letter) -> None:
    """The clock starts the work, so neither a signer nor the sequencer waits for it."""
    add_published(letter, 100)
    Letter.objects.update(goal=1)
    assert not Notification.objects.exists()


def test_one_email_a_day_however_many_sign(letter: Letter, mails_to: Mails) -> None:
    for hour in range(0, 48, 2):
        add_published(letter, 50, now=NOW + hour * HOUR)
        for minute in (0, 10, 20):
            end_days(now=NOW + hour * HOUR + timedelta(minutes=minute))
            deliver()
    assert len(mails_to(OLGA)) == 2
