"""Emails that strangers cause leave slowly for one domain, and one a minute if the domain refuses them.

None is lost.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.base.outbox.pacing import FEWEST_REFUSED, note_results
from letters.models import Letter, OutgoingEmail, StoppedDomain, User
from letters.organizer.letter_editor.operations import withdraw_letter
from letters.shared import limits
from letters.signer.signing.operations import confirm_signature
from tests.conftest import LetterMaker
from tests.people import NOW, deliver, sign
from tests.smtp import SmtpSink

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _few(settings: Settings) -> None:
    settings.LIMIT_DOMAIN = parse("3/day")
    settings.MAIL_DOMAIN_PACE = parse("2/minute")


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def sign_at(letter: Letter, domain: str, number: int, name: str = "signer") -> None:
    for place in range(number):
        sign(letter, f"{name}{place}@{domain}")


def waiting() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.owed().order_by("next_attempt_at"))


def their_turn_has_come() -> None:
    StoppedDomain.objects.update(until=NOW)
    OutgoingEmail.objects.owed().update(next_attempt_at=NOW)


def domains(messages: list[EmailMessage]) -> Counter[str]:
    return Counter(message.to[0].partition("@")[2] for message in messages)


def test_emails_above_the_limit_leave_one_after_the_other(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    sign_at(letter, "company.example", 8)
    sign_at(letter, "other.example", 2)
    begun = timezone.now()
    deliver()
    assert domains(mailoutbox) == {"company.example": 3, "other.example": 2}
    late = waiting()
    assert [(outgoing.error, outgoing.attempts) for outgoing in late] == [("spread", 0)] * 5
    for place, outgoing in enumerate(late, start=1):
        assert abs(outgoing.next_attempt_at - begun - place * timedelta(seconds=30)) < timedelta(seconds=20)


def test_an_email_that_has_waited_is_not_counted_again(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    sign_at(letter, "company.example", 8)
    deliver()
    their_turn_has_come()
    deliver()
    assert len(mailoutbox) == 8
    assert waiting() == []


def test_an_email_that_waits_for_the_undo_of_a_withdrawal_is_counted_once(
    letter: Letter, published: LetterMaker, organizer: User, mailoutbox: list[EmailMessage]
) -> None:
    sign_at(letter, "company.example", 2)
    withdraw_letter(letter, reason="A mistake", by=organizer, now=timezone.now())
    for _ in range(5):
        deliver()
        their_turn_has_come()
    assert mailoutbox == []
    sign_at(published("another"), "company.example", 1)
    deliver()
    assert domains(mailoutbox) == {"company.example": 1}


def test_subdomains_of_a_registered_domain_count_as_one(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    for place in range(5):
        sign(letter, f"ada@mail{place}.company.example")
    deliver()
    assert len(mailoutbox) == 3


def test_public_email_providers_are_exempt(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    sign_at(letter, "gmail.com", 6)
    deliver()
    assert len(mailoutbox) == 6


def test_a_known_address_waits_as_a_new_one_does(letter: Letter) -> None:
    sign_at(letter, "company.example", 4)
    sign(letter, "signer0@company.example")
    deliver()
    assert {outgoing.kind for outgoing in waiting()} == {"confirm", "signed_again"}
    assert {outgoing.error for outgoing in waiting()} == {"spread"}


def test_a_person_who_has_confirmed_is_thanked_at_once(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    sign_at(letter, "company.example", 4)
    signature = sign(letter, "ada@company.example")
    OutgoingEmail.objects.update(sent_at=NOW)
    limits.take_places([limits.Limit("domain mail", "company.example", parse("3/day"))] * 4, apart=30)
    confirm_signature(signature, verified="link", now=NOW)
    deliver()
    assert domains(mailoutbox) == {"company.example": 1}


def test_every_email_leaves_while_valkey_is_unavailable(
    letter: Letter, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_circuit_open_until", float("inf"))
    sign_at(letter, "company.example", 6)
    deliver()
    assert len(mailoutbox) == 6


# A domain that refuses


@pytest.fixture
def refusing(letter: Letter, sink: SmtpSink, settings: Settings) -> SmtpSink:
    """A domain that has refused enough emails to be slowed, with more on the way."""
    settings.LIMIT_DOMAIN, settings.MAIL_BATCH = parse("1000/day"), 10
    sink.answer("RCPT", "550 5.1.1 no such user")
    sign_at(letter, "company.example", FEWEST_REFUSED + 5)
    deliver()
    sink.answer_normally()
    return sink


def test_a_domain_that_refuses_most_emails_gets_one_a_minute_and_none_is_lost(
    letter: Letter, refusing: SmtpSink
) -> None:
    assert OutgoingEmail.objects.filter(failed_at__isnull=False).count() == FEWEST_REFUSED
    stopped = StoppedDomain.objects.get()
    assert (stopped.domain, stopped.refused, stopped.times) == ("company.example", FEWEST_REFUSED, 1)
    assert stopped.until - stopped.stopped_at == HOUR
    sign(letter, "late@company.example")
    sign(letter, "ada@other.example")
    deliver()
    assert refusing.recipients() == ["ada@other.example"]
    late = waiting()
    assert [(each.error, each.attempts) for each in late] == [("stopped", 0)] * 6
    for place, outgoing in enumerate(late, start=1):
        assert abs(outgoing.next_attempt_at - stopped.stopped_at - place * MINUTE) < timedelta(seconds=20)


def test_a_signer_at_a_slowed_domain_gets_the_email_in_turn(letter: Letter, refusing: SmtpSink) -> None:
    """Twenty invented addresses an hour must not keep a whole company from signing."""
    sign(letter, "late@company.example")
    deliver()
    assert refusing.recipients() == []
    OutgoingEmail.objects.owed().update(next_attempt_at=NOW)
    assert StoppedDomain.objects.get().until > timezone.now()
    deliver()
    assert "late@company.example" in refusing.recipients()
    assert waiting() == []


def test_emails_in_the_faster_queue_join_the_slow_one_once_their_domain_is_slowed(
    letter: Letter, mailoutbox: list[EmailMessage]
) -> None:
    """A provider reports bounces late: by then, all typed addresses of the domain are in the faster queue."""
    sign_at(letter, "company.example", 8)
    deliver()
    assert [each.error for each in waiting()] == ["spread"] * 5
    note_results(
        Counter({"company.example": FEWEST_REFUSED}), Counter({"company.example": FEWEST_REFUSED}), now=timezone.now()
    )
    OutgoingEmail.objects.owed().update(next_attempt_at=NOW)
    deliver()
    assert len(mailoutbox) == 3
    assert [each.error for each in waiting()] == ["stopped"] * 5


def test_a_known_address_at_a_slowed_domain_waits_as_a_new_one_does(letter: Letter, refusing: SmtpSink) -> None:
    """Otherwise the company's own mail log would show which of the typed addresses has signed."""
    known = sign(letter, "ada@company.example")
    OutgoingEmail.objects.filter(signature=known).update(sent_at=NOW)
    confirm_signature(known, verified="link", now=NOW)
    OutgoingEmail.objects.filter(signature=known).update(sent_at=NOW)
    sign(letter, "ada@company.example")
    sign(letter, "bob@company.example")
    deliver()
    assert refusing.recipients() == []
    assert Counter(outgoing.kind for outgoing in waiting())["signed_again"] == 1
    assert {outgoing.error for outgoing in waiting()} == {"stopped"}


def test_a_person_who_has_confirmed_is_thanked_even_at_a_slowed_domain(letter: Letter, refusing: SmtpSink) -> None:
    signature = sign(letter, "ada@company.example")
    OutgoingEmail.objects.filter(signature=signature).update(sent_at=NOW)
    confirm_signature(signature, verified="link", now=NOW)
    deliver()
    assert refusing.recipients() == ["ada@company.example"]


def test_emails_of_every_other_kind_wait_at_a_slowed_domain(letter: Letter, refusing: SmtpSink) -> None:
    sign(letter, "late@company.example")
    OutgoingEmail.objects.owed().update(kind="reminder", next_attempt_at=NOW, error="")
    deliver()
    assert refusing.recipients() == []
    assert {outgoing.error for outgoing in waiting()} == {"stopped"}


def test_a_domain_that_accepts_most_emails_is_not_slowed(db: None) -> None:
    note_results(Counter({"company.example": 100}), Counter(), now=NOW)
    note_results(Counter({"company.example": 30}), Counter({"company.example": 30}), now=NOW)
    assert not StoppedDomain.objects.exists()


def test_a_domain_that_keeps_refusing_is_slowed_for_longer_each_time(db: None) -> None:
    now, pauses = NOW, []
    for _ in range(7):
        refused = Counter({"company.example": FEWEST_REFUSED})
        note_results(refused, refused, now=now)
        stopped = StoppedDomain.objects.get()
        pauses.append((stopped.until - now) / HOUR)
        now = stopped.until
    assert pauses == [1, 2, 4, 8, 16, 24, 24]
    now += timedelta(days=2)
    note_results(refused, refused, now=now)
    assert StoppedDomain.objects.get().until - now == HOUR


def test_staff_see_which_domains_are_slowed(admin_client: Client) -> None:
    refused = Counter({"company.example": FEWEST_REFUSED})
    note_results(refused, refused, now=NOW)
    assert "company.example" in admin_client.get("/admin/letters/stoppeddomain/").content.decode()
