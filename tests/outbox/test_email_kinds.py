"""The table of email kinds: every rule about a kind is there, and every email follows it."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from letters.base.outbox.built import Built, Drop, DropReason, Hold, Send, Wait
from letters.base.outbox.daily_limit import full_since, instead_of_one_too_many
from letters.base.outbox.tasks import deliver_owed
from letters.models import A_DAY, EMAIL_KINDS, Cause, EmailKind, Letter, OutgoingEmail, WhenFull, counted_for
from letters.shared.addresses import read_address
from letters.signer.signing.operations import request_mail
from letters.tasks import EMAIL_BUILDERS
from tests.conftest import LetterMaker
from tests.outbox.email_kinds_in_docs import NAME, drawn
from tests.people import NOW, sign
from tests.tables_in_docs import parts

ROOT = Path(__file__).parents[2] / "letters"


def files_with(pattern: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if "migrations" not in path.parts and re.search(pattern, path.read_text())
    }


# The table


def test_every_kind_has_its_rules_and_its_builder() -> None:
    assert set(EMAIL_KINDS) == set(EmailKind) == set(EMAIL_BUILDERS)


def test_architecture_md_shows_the_table() -> None:
    assert parts(NAME)[1] == drawn(), "run: python -m tests.outbox.email_kinds_in_docs"


def test_sql_creates_emails_in_one_way() -> None:
    assert files_with("INSERT INTO letters_outgoingemail") == {"base/outbox/enqueueing.py"}
    # In Python: two operations that write few rows, and a row that is never sent but takes as long to write as one that
    # is.
    in_python = {"base/outbox/enqueueing.py", "organizer/first_signatories/operations/list_actions.py"}
    assert files_with(r"OutgoingEmail\(kind=|OutgoingEmail\.objects\.create") == in_python


def test_the_daily_limit_is_used_in_one_place_and_by_invitations_to_collectives() -> None:
    limit = {"models/email_kinds.py", "models/__init__.py", "base/outbox/daily_limit.py"}
    assert files_with("MAX_EMAILS_A_DAY") == {*limit, "organizer/collectives/queries.py"}


@pytest.mark.parametrize("kind", EmailKind)
def test_organizers_cannot_use_up_the_daily_three_of_a_person_who_used_a_form(kind: EmailKind) -> None:
    causes = {EMAIL_KINDS[other].cause for other in counted_for(kind)}
    if EMAIL_KINDS[kind].cause is Cause.FORM:
        assert causes == {Cause.FORM}
    assert Cause.OWNER not in causes


@pytest.mark.parametrize("kind", EmailKind)
def test_the_table_says_what_happens_above_the_limit(kind: EmailKind) -> None:
    expected = {
        WhenFull.SEND: None,
        WhenFull.WAIT: Wait(NOW + A_DAY),
        WhenFull.DROP: Drop(DropReason.ENOUGH_TODAY),
    }
    outgoing = OutgoingEmail(kind=kind)
    assert instead_of_one_too_many(outgoing, NOW) == expected[EMAIL_KINDS[kind].when_full]
    assert instead_of_one_too_many(outgoing, None) is None


# Limits

LINKS = 3


@pytest.fixture
def asked_of(letter: Letter, published: LetterMaker) -> OutgoingEmail:
    """A carry-over question to a person who has asked for the link of another letter three times today."""
    ada, now = read_address("ada@example.org"), timezone.now()
    assert ada is not None
    signature = sign(letter, "ada@example.org", now=now - 3 * A_DAY)
    OutgoingEmail.objects.update(sent_at=now - 3 * A_DAY)
    other = published(slug="sleepers")
    for place in range(LINKS):
        request_mail(other, address=ada, language="en", now=now)
        OutgoingEmail.objects.filter(sent_at=None).update(sent_at=now - timedelta(hours=3 - place))
    return OutgoingEmail.objects.create(
        kind=EmailKind.CARRY_OVER, signature=signature, key="carry_over:1:1", created_at=now, next_attempt_at=now
    )


@pytest.mark.django_db
def test_an_organizers_email_waits_for_emails_that_forms_caused(asked_of: OutgoingEmail) -> None:
    assert asked_of.signature is not None
    now = timezone.now()
    first = OutgoingEmail.objects.filter(kind="requested").order_by("pk")[0].sent_at
    assert full_since(asked_of, asked_of.signature, now=now) == first
    OutgoingEmail.objects.filter(kind="requested").first().delete()  # type: ignore[union-attr]
    assert full_since(asked_of, asked_of.signature, now=now) is None


# Results of a builder


def outcome(built: Built) -> OutgoingEmail:
    """Return the email after its builder gave this result to the worker."""
    deliver_owed({kind: lambda _: built for kind in EmailKind})
    return OutgoingEmail.objects.get()


@pytest.fixture
def owed(letter: Letter) -> OutgoingEmail:
    sign(letter, "ada@example.org", now=timezone.now())
    return OutgoingEmail.objects.get()


@pytest.mark.django_db
def test_send_hands_the_message_over(owed: OutgoingEmail) -> None:
    assert outcome(Send(EmailMessage("Subject", "Body", to=["ada@example.org"]))).sent_at
    assert [message.subject for message in mail.outbox] == ["Subject"]


@pytest.mark.django_db
def test_wait_makes_an_email_due_at_its_time_and_untried(owed: OutgoingEmail) -> None:
    until = timezone.now() + timedelta(hours=7)
    found = outcome(Wait(until))
    assert (found.next_attempt_at, found.attempts, found.dropped_at) == (until, 0, None)
    assert found.put_off_at


@pytest.mark.django_db
def test_hold_makes_an_email_due_at_once_and_untried(owed: OutgoingEmail) -> None:
    built: Iterator[Built] = iter([Hold(), Drop(DropReason.SETTLED)])
    held: list[tuple[int, bool]] = []

    def build(outgoing: OutgoingEmail) -> Built:
        held.append((outgoing.attempts, outgoing.put_off_at is None))
        return next(built)

    deliver_owed(dict.fromkeys(EmailKind, build))
    assert held == [(1, True), (1, True)]


@pytest.mark.django_db
@pytest.mark.parametrize("reason", DropReason)
def test_the_reason_for_a_drop_is_neither_stored_nor_logged(
    owed: OutgoingEmail, caplog: pytest.LogCaptureFixture, reason: DropReason
) -> None:
    """A person who reads a log or a table would learn from the reason what a signer has done."""
    with caplog.at_level(logging.DEBUG):
        found = outcome(Drop(reason))
    assert found.dropped_at
    assert found.error == ""
    assert reason.value not in caplog.text
    assert reason.name not in caplog.text
