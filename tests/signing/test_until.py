"""No email offers what is no longer possible, and every page says until when people can sign."""

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
    Letter.objects.update(timezone="Pacific/Auckland")


def told(moment: datetime) -> str:
    return time_in(moment, Collective.objects.get().zone())


def halves() -> list[str]:
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    return [str(message.body), str(message.alternatives[0][0])]


@pytest.mark.parametrize("asks", ["confirm", "signed_again", "requested", "reminder"])
def test_people_can_confirm_until_a_day_after_the_end_of_the_letter(letter: Letter, zone: None, asks: str) -> None:
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


def test_people_can_confirm_for_two_weeks_if_the_letter_has_no_end(letter: Letter, zone: None) -> None:
    now = timezone.now()
    sign(letter, now=now)
    deliver()
    for half in halves():
        assert f"You can confirm until {told(now + 14 * DAY)}." in half
        assert "Open for signatures until" not in half


def test_people_can_confirm_for_a_day_after_a_letter_is_closed_early(letter: Letter, zone: None) -> None:
    now = timezone.now()
    sign(letter, now=now)
    Letter.objects.update(status="closed", closed_at=now)
    deliver()
    for half in halves():
        assert f"You can confirm until {told(now + DAY)}." in half


@pytest.mark.parametrize("kind", ["confirm", "signed_again", "reminder"])
@pytest.mark.parametrize("end", ["closes_at", "closed", "withdrawn"])
def test_nobody_is_asked_to_confirm_when_it_is_too_late(letter: Letter, kind: str, end: str) -> None:
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


def test_page_form_and_list_say_until_when_people_can_sign(letter: Letter, reader: Reader, zone: None) -> None:
    closes_at = timezone.now() + 3 * DAY
    said = f"Open for signatures until {told(closes_at)}."
    assert said not in reader.read(letter) + reader.get("/").content.decode()
    Letter.objects.update(closes_at=closes_at, version=99)
    # At the top of the page, in the sticky bar, and in the form.
    assert reader.read(letter).count(said) == 3
    assert said in reader.get("/").content.decode()


def test_days_on_public_pages_are_in_the_collectives_time_zone(letter: Letter, reader: Reader, zone: None) -> None:
    Letter.objects.update(version=99)
    # Noon in Greenwich is the next day in Auckland.
    assert "March 4, 2025" in reader.read(letter)
    assert "March 4, 2025" in reader.read(letter, "history")


def test_no_email_is_lost_if_the_letter_opened_since_it_was_read(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's copy of the letter can be a second old."""
    remembered = Letter.objects.select_related("collective").get()
    remembered.status = Letter.Status.DRAFT
    monkeypatch.setattr(recipients, "_signed_letter_in_second", lambda _pk, _second: remembered)
    sign(letter, now=timezone.now())
    deliver()
    assert len(mail.outbox) == 1
