"""A mail server that is unavailable, overloaded or slow, hangs up, or does not know the address."""

from collections.abc import Callable

import pytest

from letters.models import Letter, OutgoingEmail, Signature
from tests.faults.conftest import PEOPLE, until_nothing_is_owed
from tests.people import Signer, signature_of
from tests.smtp import HANG_UP, SmtpSink
from tests.stack import until

pytestmark = pytest.mark.django_db(transaction=True)

ADA, BERTA, CARLO = PEOPLE


@pytest.fixture(scope="module")
def patience() -> dict[str, str]:
    """A server that takes two seconds for an email is slow, but available. Half the lease is enough for one email."""
    return {"MAIL_LEASE_SECONDS": "5", "MAIL_RETRY_SECONDS": "1", "EMAIL_TIMEOUT": "3"}


@pytest.mark.parametrize(
    ("refuse", "noted", "through"),
    [
        (SmtpSink.stop, "ConnectionRefusedError", []),
        (lambda sink: sink.answer("CONNECT", "421 4.3.2 too many connections"), "421", []),
        (lambda sink: sink.answer("MAIL", "421 4.3.2 shutting down"), "421", []),
        (lambda sink: sink.answer("MAIL", "421 4.7.0 too many mails", after=1), "421", [ADA]),
        (lambda sink: sink.answer("RCPT", "450 4.7.1 greylisted"), "450", []),
        (lambda sink: sink.answer("DATA", "451 4.3.0 try later"), "451", []),
        (lambda sink: sink.answer("DATA", HANG_UP), "SMTPServerDisconnected", []),
        (lambda sink: sink.dawdle("RCPT", seconds=60), "SMTPServerDisconnected", []),
    ],
    ids=[
        *["away", "421 in place of a greeting", "421 to the sender", "421 after one mail", "450 greylisting"],
        *["451 to the mail", "hangs up before a yes", "says nothing more"],
    ],
)
def test_no_email_is_lost_or_doubled_while_the_mail_server_refuses(
    refuse: Callable[[SmtpSink], None], noted: str, through: list[str], all_sign: Callable[[], None], sink: SmtpSink
) -> None:
    refuse(sink)
    all_sign()
    until(lambda: OutgoingEmail.objects.owed().filter(attempts__gte=1, error=noted).exists())
    assert sink.recipients() == through
    sink.answer_normally()
    if refuse is SmtpSink.stop:
        sink.start()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == PEOPLE
    assert OutgoingEmail.objects.filter(sent_at__isnull=False, error="").count() == 3


@pytest.mark.parametrize(
    ("stage", "answer", "noted", "concern"),
    [
        ("RCPT", "550 5.1.1 no such mailbox", "550 5.1.1", "bounced"),
        ("DATA", "554 5.7.1 not wanted", "554 5.7.1", ""),
    ],
)
def test_a_permanently_refused_email_is_noted_not_tried_again_and_delays_nobody_else(
    stage: str,
    answer: str,
    noted: str,
    concern: str,
    *,
    all_sign: Callable[[], None],
    letter: Letter,
    signer: Signer,
    sink: SmtpSink,
) -> None:
    sink.answer(stage, answer, to=BERTA)
    all_sign()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == [ADA, CARLO]
    sink.answer_normally()
    OutgoingEmail.objects.update(next_attempt_at=signature_of(letter, BERTA).signed_at)
    # A search for her email would find the other one, too.
    signer.sign(letter, email="dora@example.org")
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == [ADA, CARLO, "dora@example.org"]
    failed = OutgoingEmail.objects.get(failed_at__isnull=False)
    assert (failed.error, failed.attempts, failed.sent_at) == (noted, 1, None)
    assert Signature.objects.get(outgoing_emails=failed).concern == concern


def test_a_server_that_accepts_an_email_and_hangs_up_gets_only_that_email_again(
    all_sign: Callable[[], None], sink: SmtpSink
) -> None:
    sink.answer("ACCEPTED", HANG_UP, to=BERTA, times=1)
    all_sign()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == [ADA, BERTA, BERTA, CARLO]
    first, second = (mail.message["Message-ID"] for mail in sink.received if mail.recipients == [BERTA])
    assert first == second


def test_a_slow_server_gets_each_email_once_even_with_a_short_lease(
    all_sign: Callable[[], None], sink: SmtpSink
) -> None:
    sink.dawdle("DATA", seconds=2)
    all_sign()
    # Sweeps keep coming, to the other process of the worker.
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == PEOPLE
