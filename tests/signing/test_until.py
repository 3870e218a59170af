"""No email offers what can no longer be done, and every page tells until when one can sign."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from letters.models import Collective, Letter, OutgoingEmail, Signature
from letters.signer.signing.operations import remind_unconfirmed
from letters.signer.signing.queries import recipients
from letters.templatetags.dates import time_in
from tests.people import Reader, ask_again, deliver, sign

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def zone(letter: Letter) -> None:
    Collective.objects.update(timezone="Pacific/Auckland")


def told(moment: datetime) -> str:
    return time_in(moment, Collective.objects.get().zone())


def halves() -> list[str]:
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    return [str(message.body), str(message.alternatives[0][0])]


@pytest.mark.parametrize("asks", ["confirm", "signed_again", "requested", "reminder"])
def test_one_can_confirm_until_the_end_of_the_letter_and_a_day_and_no_longer(
    letter: Letter, zone: None, asks: str
) -> None:
    now = timezone.now()
    closes_at = now + 2 * DAY
    Letter.objects.update(closes_at=closes_at)
    signature = sign(letter, now=now - 2 * DAY)
    if asks == "signed_again":
        sign(letter, now=now)
    elif asks == "requested":
        ask_again(signature, now=now)
    elif asks == "reminder":
        remind_unconfirmed(now=now)
    OutgoingEmail.objects.exclude(kind=asks).delete()
    deliver()
    for half in halves():
        assert f"You can confirm until {told(closes_at + DAY)}." in half
        assert f"Open for signatures until {told(closes_at)}." in half


def test_without_an_end_one_can_confirm_for_two_weeks(letter: Letter, zone: None) -> None:
    now = timezone.now()
    sign(letter, now=now)
    deliver()
    for half in halves():
        assert f"You can confirm until {told(now + 14 * DAY)}." in half
        assert "Open for signatures until" not in half


def test_of_a_letter_that_was_closed_early_one_can_confirm_for_a_day(letter: Letter, zone: None) -> None:
    now = timezone.now()
    sign(letter, now=now)
    Letter.objects.update(status="closed", closed_at=now)
    deliver()
    for half in halves():
        assert f"You can confirm until {told(now + DAY)}." in half


@pytest.mark.parametrize("kind", ["confirm", "signed_again", "reminder"])
@pytest.mark.parametrize("end", ["closes_at", "closed", "withdrawn"])
def test_nobody_is_asked_to_confirm_what_can_no_longer_be_confirmed(letter: Letter, kind: str, end: str) -> None:
    now = timezone.now()
    sign(letter, now=now - 2 * DAY)
    OutgoingEmail.objects.update(kind=kind)
    long_ago = now - 25 * HOUR
    ends: dict[str, dict[str, Any]] = {
        "closes_at": {"closes_at": long_ago},
        "closed": {"status": "closed", "closed_at": long_ago},
        "withdrawn": {"status": "withdrawn"},
    }
    Letter.objects.update(**ends[end])
    deliver()
    assert mail.outbox == []
    assert OutgoingEmail.objects.get().dropped_at
    assert Signature.objects.get().state == "pending"


def test_page_form_and_list_tell_until_when_one_can_sign(letter: Letter, reader: Reader, zone: None) -> None:
    closes_at = timezone.now() + 3 * DAY
    said = f"Open for signatures until {told(closes_at)}."
    assert said not in reader.read(letter) + reader.get("/").content.decode()
    Letter.objects.update(closes_at=closes_at, version=99)
    # At the head of the page, in the bar that stays in reach, and in the form.
    assert reader.read(letter).count(said) == 3
    assert said in reader.get("/").content.decode()


def test_days_on_public_pages_are_those_of_the_collective(letter: Letter, reader: Reader, zone: None) -> None:
    Letter.objects.update(version=99)
    # Noon in Greenwich is the next day in Auckland.
    assert "March 4, 2025" in reader.read(letter)
    assert "March 4, 2025" in reader.read(letter, "history")


def test_a_letter_that_has_opened_since_it_was_last_read_costs_nobody_their_mail(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker remembers a letter for a second."""
    remembered = Letter.objects.select_related("collective").get()
    remembered.status = Letter.Status.DRAFT
    monkeypatch.setattr(recipients, "_signed_letter_in_second", lambda _pk, _second: remembered)
    sign(letter, now=timezone.now())
    deliver()
    assert len(mail.outbox) == 1
