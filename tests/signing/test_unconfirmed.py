"""What becomes of signatures that nobody confirms: a reminder after a day, another after three, then nothing."""

from datetime import timedelta

import pytest
from django.core import mail
from pytest_django.fixtures import Settings

from letters.models import Delivery, Letter, Signature, SignerContact
from letters.signing.operations import confirm_signature, purge_unconfirmed, remind_unconfirmed
from tests.people import NOW, deliver, sign, sign_and_confirm

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_a_reminder_comes_after_a_day_and_another_after_three(letter: Letter) -> None:
    sign(letter)
    owed = [remind_unconfirmed(now=NOW + hours * timedelta(hours=1)) for hours in range(0, 24 * 14, 6)]
    assert [6 * place for place, number in enumerate(owed) if number] == [24, 72]
    deliver()
    assert [message.subject for message in mail.outbox[1:]] == ["Your signature still waits for you"] * 2


def test_who_has_confirmed_is_not_reminded(letter: Letter) -> None:
    sign_and_confirm(letter)
    assert remind_unconfirmed(now=NOW + 2 * DAY) == 0


@pytest.mark.parametrize(
    "ended",
    [{"status": "closed", "closed_at": NOW}, {"status": "withdrawn"}, {"closes_at": NOW + timedelta(hours=1)}],
)
def test_nobody_is_reminded_of_a_letter_that_has_ended(letter: Letter, ended: dict[str, object]) -> None:
    sign(letter)
    Letter.objects.update(**ended)
    assert remind_unconfirmed(now=NOW + DAY) == 0


def test_who_confirms_before_the_reminder_leaves_does_not_get_it(letter: Letter) -> None:
    signature = sign(letter)
    deliver()
    remind_unconfirmed(now=NOW + DAY)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW + DAY)
    deliver()
    assert not any("still waits" in message.subject for message in mail.outbox)


def test_after_a_pause_of_the_clock_nobody_gets_two_reminders_at_once(letter: Letter) -> None:
    sign(letter)
    assert remind_unconfirmed(now=NOW + 5 * DAY) == 1


def test_the_pauses_can_be_set(letter: Letter, settings: Settings) -> None:
    settings.REMINDER_HOURS = []
    sign(letter)
    assert remind_unconfirmed(now=NOW + 2 * DAY) == 0


def test_after_two_weeks_nothing_is_left(letter: Letter) -> None:
    sign(letter)
    assert purge_unconfirmed(now=NOW + 14 * DAY - timedelta(seconds=1)) == 0
    assert purge_unconfirmed(now=NOW + 14 * DAY) == 1
    assert not Signature.objects.exists()
    assert not SignerContact.objects.exists()
    assert not Delivery.objects.exists()


def test_a_confirmed_signature_is_never_purged(letter: Letter) -> None:
    sign_and_confirm(letter)
    assert purge_unconfirmed(now=NOW + 400 * DAY) == 0
    assert Signature.objects.count() == 1
