"""Every outgoing email is sent once, whichever worker claims it and whatever the mail server says, or the reason is
known.
"""

import logging
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from letters.base.outbox import tasks
from letters.base.outbox.mail import SendResult, Verdict, hand_over
from letters.base.outbox.operations import (
    MAX_ATTEMPTS,
    MAX_PAUSE,
    claim_emails,
    drop_email,
    pause_after,
    release_emails,
    settle_email,
)
from letters.models import Letter, OutgoingEmail, Signature
from letters.signer.signing.operations import confirm_signature, withdraw_signature
from tests.people import NOW, Signer, deliver, in_threads, sign
from tests.smtp import SmtpSink

LEASE = timedelta(seconds=20)
LATER, NEVER = SendResult(Verdict.LATER, "450"), SendResult(Verdict.NEVER, "550")


@pytest.fixture
def owed(letter: Letter) -> list[OutgoingEmail]:
    """Three emails, due since NOW."""
    for name in ("ada", "bob", "eve"):
        sign(letter, f"{name}@example.org")
    return list(OutgoingEmail.objects.order_by("pk"))


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    """A real mail server, to which the site sends."""
    with SmtpSink() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def ids(outgoing_emails: list[OutgoingEmail]) -> list[int]:
    return [outgoing.pk for outgoing in outgoing_emails]


def how_it_went(name: str) -> str:
    """Return "sent", "failed", "dropped" or "owed", with attempts and error, of the email to name@example.org."""
    place = ["ada", "bob", "eve"].index(name)
    outgoing = OutgoingEmail.objects.order_by("pk")[place]
    ends = {"sent": outgoing.sent_at, "failed": outgoing.failed_at, "dropped": outgoing.dropped_at}
    (end,) = [name for name, moment in ends.items() if moment] or ["owed"]
    return f"{end} {outgoing.attempts} {outgoing.error}".strip()


def due() -> int:
    """Return how many emails a worker would find now."""
    return OutgoingEmail.objects.owed().filter(next_attempt_at__lte=timezone.now()).count()


def time_passes() -> None:
    """End every pause and every lease."""
    OutgoingEmail.objects.owed().update(next_attempt_at=NOW)


# Claims


def test_a_claim_takes_the_oldest_first_and_no_more_than_asked(owed: list[OutgoingEmail]) -> None:
    OutgoingEmail.objects.filter(pk=owed[2].pk).update(next_attempt_at=NOW - timedelta(hours=1))
    assert ids(claim_emails(now=NOW, most=2)) == ids([owed[0], owed[2]])
    assert ids(claim_emails(now=NOW, most=2)) == ids([owed[1]])


@pytest.mark.parametrize("bulk", [False, True], ids=["at once", "can wait"])
@pytest.mark.parametrize("end", ["sent_at", "failed_at", "dropped_at"])
def test_an_ended_email_is_never_claimed(end: str, bulk: bool, owed: list[OutgoingEmail]) -> None:
    kind = OutgoingEmail.Kind.REMINDER if bulk else OutgoingEmail.Kind.CONFIRM
    OutgoingEmail.objects.update(kind=kind)
    OutgoingEmail.objects.filter(pk=owed[0].pk).update(**{end: NOW})
    assert ids(claim_emails(now=NOW, most=10, bulk=bulk)) == ids(owed[1:])


def test_an_email_that_is_not_due_is_not_claimed(owed: list[OutgoingEmail]) -> None:
    assert claim_emails(now=NOW - timedelta(seconds=1), most=10) == []


def test_no_other_worker_gets_a_claimed_email_during_the_lease(owed: list[OutgoingEmail]) -> None:
    assert len(claim_emails(now=NOW, most=10)) == 3
    assert claim_emails(now=NOW + LEASE - timedelta(seconds=1), most=10) == []
    again = claim_emails(now=NOW + LEASE, most=10)
    assert [outgoing.attempts for outgoing in again] == [2, 2, 2]


@pytest.mark.django_db(transaction=True)
def test_two_connections_never_claim_the_same_email(owed: list[OutgoingEmail]) -> None:

    def claim_impatiently(most: int) -> list[OutgoingEmail]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            return claim_emails(now=NOW, most=most)

    with transaction.atomic():
        mine = claim_emails(now=NOW, most=2)
        # Not committed yet: the other one skips locked rows instead of waiting for them.
        (theirs,) = in_threads(claim_impatiently, [10], threads=1)
    assert ids(mine) == ids(owed[:2])
    assert ids(theirs) == ids(owed[2:])


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_email_once(letter: Letter, mailoutbox: list[EmailMessage], settings: Settings) -> None:
    settings.MAIL_BATCH = 3
    for number in range(40):
        sign(letter, f"signer{number}@example.org")
    in_threads(lambda _: deliver(), range(6), threads=6)
    assert sorted(message.to[0] for message in mailoutbox) == sorted(f"signer{n}@example.org" for n in range(40))
    assert set(OutgoingEmail.objects.values_list("attempts", "error")) == {(1, "")}


# The end of a claim


def test_a_sent_email_is_never_due_again(owed: list[OutgoingEmail]) -> None:
    for outgoing in claim_emails(now=NOW, most=10):
        settle_email(outgoing, SendResult(Verdict.SENT), now=NOW)
    assert claim_emails(now=NOW + timedelta(days=365), most=10) == []
    assert OutgoingEmail.objects.filter(sent_at=NOW).count() == 3


def test_a_temporary_refusal_brings_a_pause(owed: list[OutgoingEmail]) -> None:
    (outgoing,) = claim_emails(now=NOW, most=1)
    settle_email(outgoing, LATER, now=NOW)
    outgoing.refresh_from_db()
    assert (outgoing.next_attempt_at, outgoing.attempts, outgoing.error) == (NOW + timedelta(seconds=15), 1, "450")


def test_pauses_grow_from_seconds_to_two_hours() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, MAX_ATTEMPTS + 1)]
    assert [pause.total_seconds() for pause in pauses[:5]] == [15, 30, 60, 120, 240]
    assert pauses == sorted(pauses)
    assert pauses[-1] == MAX_PAUSE
    # Given up after some days, as long as a mail server is usually given.
    assert timedelta(days=1) < sum(pauses, timedelta()) < timedelta(days=5)
    assert pause_after(30_000) == MAX_PAUSE


def test_a_permanent_refusal_ends_an_email(owed: list[OutgoingEmail]) -> None:
    (outgoing,) = claim_emails(now=NOW, most=1)
    settle_email(outgoing, NEVER, now=NOW)
    assert how_it_went("ada") == "failed 1 550"
    assert len(claim_emails(now=NOW + timedelta(days=9), most=10)) == 2


def test_an_email_is_given_up_after_many_temporary_refusals(letter: Letter) -> None:
    sign(letter)
    OutgoingEmail.objects.update(attempts=MAX_ATTEMPTS - 2)
    (outgoing,) = claim_emails(now=NOW, most=1)
    settle_email(outgoing, LATER, now=NOW)
    assert how_it_went("ada") == f"owed {MAX_ATTEMPTS - 1} 450"
    time_passes()
    (outgoing,) = claim_emails(now=NOW, most=1)
    settle_email(outgoing, LATER, now=NOW)
    assert how_it_went("ada") == f"failed {MAX_ATTEMPTS} 450"


@pytest.mark.parametrize("answer", [LATER, NEVER])
def test_a_refusal_after_the_lease_does_not_touch_the_next_claim(owed: list[OutgoingEmail], answer: SendResult) -> None:
    (slow,) = claim_emails(now=NOW, most=1)
    takers = claim_emails(now=NOW + LEASE, most=10)
    settle_email(slow, answer, now=NOW + LEASE)
    release_emails([slow], now=NOW + LEASE)
    slow.refresh_from_db()
    assert slow.pk in ids(takers)
    assert (slow.next_attempt_at, slow.attempts, slow.failed_at) == (NOW + 2 * LEASE, 2, None)


def test_a_success_after_the_lease_counts(owed: list[OutgoingEmail]) -> None:
    (slow,) = claim_emails(now=NOW, most=1)
    claim_emails(now=NOW + LEASE, most=10)
    settle_email(slow, SendResult(Verdict.SENT), now=NOW + LEASE)
    assert how_it_went("ada") == "sent 2"


def test_an_untried_email_is_given_back_and_due_at_once(owed: list[OutgoingEmail]) -> None:
    release_emails(claim_emails(now=NOW, most=10), now=NOW)
    assert [outgoing.attempts for outgoing in claim_emails(now=NOW, most=10)] == [1, 1, 1]


def test_an_ended_email_never_changes(owed: list[OutgoingEmail]) -> None:
    (outgoing,) = claim_emails(now=NOW, most=1)
    settle_email(outgoing, SendResult(Verdict.SENT), now=NOW)
    settle_email(outgoing, NEVER, now=NOW)
    drop_email(outgoing, now=NOW)
    release_emails([outgoing], now=NOW)
    assert how_it_went("ada") == "sent 1"


# The task


def test_an_email_that_is_no_longer_true_is_dropped(letter: Letter, mailoutbox: list[EmailMessage]) -> None:
    sign(letter, "ada@example.org")
    confirm_signature(sign(letter, "bob@example.org", display="nobody", name=""), verified="link", now=NOW)
    deliver()
    assert [message.to for message in mailoutbox] == [["ada@example.org"]]
    assert how_it_went("bob") == "dropped 1"


def test_more_than_one_batch_is_sent_in_one_run(
    letter: Letter, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.MAIL_BATCH = 4
    for number in range(10):
        sign(letter, f"signer{number}@example.org")
    deliver()
    assert [message.to[0] for message in mailoutbox] == [f"signer{number}@example.org" for number in range(10)]


def test_a_task_ends_although_emails_are_always_due_and_wakes_another(
    letter: Letter, mailoutbox: list[EmailMessage], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    settings.MAIL_BATCH = 4
    monkeypatch.setattr(tasks, "TASK_SECONDS", 0)
    monkeypatch.setattr(tasks, "notify_mail_worker", lambda: woken.append("worker"))
    for number in range(6):
        sign(letter, f"signer{number}@example.org")
    deliver()
    assert (len(mailoutbox), woken) == (4, ["worker"])
    deliver()
    assert len(mailoutbox) == 6


def test_delivering_twice_sends_nothing_twice(owed: list[OutgoingEmail], mailoutbox: list[EmailMessage]) -> None:
    deliver()
    deliver()
    assert len(mailoutbox) == 3


def test_one_email_that_cannot_be_built_delays_no_other(
    owed: list[OutgoingEmail], mailoutbox: list[EmailMessage], caplog: pytest.LogCaptureFixture
) -> None:
    """An address encrypted with a lost key, or a missing text, must not stop the emails of others."""
    signature = owed[0].signature
    assert signature
    signature.submissions.update(address=b"sealed under a key that nobody has")
    deliver()
    assert [message.to[0] for message in mailoutbox] == ["bob@example.org", "eve@example.org"]
    assert how_it_went("ada") == "owed 1 InvalidToken"
    assert OutgoingEmail.objects.order_by("pk")[0].next_attempt_at > timezone.now()
    assert "InvalidToken" in caplog.text


def test_an_email_of_an_unknown_kind_waits_for_a_worker_that_knows_it(
    owed: list[OutgoingEmail], mailoutbox: list[EmailMessage]
) -> None:
    """While a new release is rolled out, an old worker meets the new kinds."""
    OutgoingEmail.objects.filter(pk=owed[0].pk).update(kind="from_the_future")
    deliver()
    assert [message.to[0] for message in mailoutbox] == ["bob@example.org", "eve@example.org"]
    assert how_it_went("ada") == "owed 1 KeyError"


def test_a_worker_sends_for_half_the_lease_and_gives_the_rest_back(
    owed: list[OutgoingEmail], mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server so slow that one email takes half a lease."""
    clock = iter(range(0, 10_000, 59))
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    deliver()
    assert [message.to[0] for message in mailoutbox] == ["ada@example.org"]
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["sent 1", "owed 0", "owed 0"]
    assert due() == 2


# A real mail server


def test_the_server_gets_every_email_over_one_connection(letter: Letter, sink: SmtpSink) -> None:
    for number in range(60):
        sign(letter, f"signer{number}@example.org")
    deliver()
    assert sink.recipients() == [f"signer{number}@example.org" for number in range(60)]
    assert sink.connections == 1
    assert sink.received[0].sender == "letters@localhost"
    assert "/signatures/confirm/" in sink.received[0].text


def test_an_email_leads_to_a_confirmation(letter: Letter, signer: Signer, sink: SmtpSink) -> None:
    sign(letter)
    deliver()
    link = next(line for line in sink.received[0].text.splitlines() if "/signatures/confirm/" in line)
    assert signer.press("/" + link.split("/", 3)[3]).status_code == 200
    assert Signature.objects.get().state == "confirmed"


@pytest.mark.parametrize(("stage", "code"), [("RCPT", "450"), ("RCPT", "452"), ("DATA", "451")])
def test_a_temporary_refusal_of_one_email_delays_no_other(
    owed: list[OutgoingEmail], sink: SmtpSink, stage: str, code: str
) -> None:
    sink.answer(stage, f"{code} <bob@example.org> not now", to="bob@example.org", times=1)
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["sent 1", f"owed 1 {code}", "sent 1"]
    assert OutgoingEmail.objects.order_by("pk")[1].next_attempt_at > timezone.now()
    time_passes()
    deliver()
    assert how_it_went("bob") == "sent 2"
    assert sorted(sink.recipients()) == ["ada@example.org", "bob@example.org", "eve@example.org"]


@pytest.mark.parametrize(("stage", "code"), [("RCPT", "550"), ("RCPT", "553"), ("DATA", "554")])
def test_a_permanent_refusal_of_one_email_ends_only_that_email(
    owed: list[OutgoingEmail], sink: SmtpSink, stage: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    sink.answer(stage, f"{code} <bob@example.org> no such mailbox", to="bob@example.org")
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["sent 1", f"failed 1 {code}", "sent 1"]
    time_passes()
    deliver()
    assert sink.recipients() == ["ada@example.org", "eve@example.org"]
    assert sink.connections == 1
    assert not [line for line in caplog.messages if "no such mailbox" in line]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_up_gets_the_rest_later(owed: list[OutgoingEmail], sink: SmtpSink, stage: str) -> None:
    sink.answer(stage, "421 too many mails", times=1)
    deliver()
    # Only the first was tried; the others have lost neither time nor an attempt.
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["owed 1 421", "owed 0", "owed 0"]
    assert due() == 2
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == ["owed 1 421", "sent 1", "sent 1"]
    time_passes()
    deliver()
    assert sink.recipients() == ["bob@example.org", "eve@example.org", "ada@example.org"]


@pytest.mark.parametrize(
    ("stage", "answer", "error"), [("CONNECT", "554 go away", "554"), ("MAIL", "550 not from you", "550")]
)
def test_a_refusal_about_us_loses_no_email(
    owed: list[OutgoingEmail], sink: SmtpSink, stage: str, answer: str, error: str
) -> None:
    sink.answer(stage, answer)
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == [f"owed 1 {error}", "owed 0", "owed 0"]
    sink.answer_normally()
    time_passes()
    deliver()
    assert sorted(sink.recipients()) == ["ada@example.org", "bob@example.org", "eve@example.org"]


def test_no_email_is_lost_while_the_server_is_unavailable(owed: list[OutgoingEmail], sink: SmtpSink) -> None:
    sink.stop()
    deliver()
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == [
        "owed 1 ConnectionRefusedError",
        "owed 0",
        "owed 0",
    ]
    sink.start()
    time_passes()
    deliver()
    assert sorted(sink.recipients()) == ["ada@example.org", "bob@example.org", "eve@example.org"]


@pytest.mark.django_db(transaction=True)
def test_a_server_that_crashes_in_the_middle_of_an_email_gets_it_again(
    owed: list[OutgoingEmail], sink: SmtpSink
) -> None:
    hold = sink.hold("DATA", to="bob@example.org")

    def work(part: str) -> None:
        if part == "worker":
            deliver()
        else:
            assert hold.reached.wait(10)
            sink.stop()

    in_threads(work, ["worker", "fault"], threads=2)
    assert [how_it_went(name) for name in ("ada", "bob", "eve")] == [
        "sent 1",
        "owed 1 SMTPServerDisconnected",
        "owed 0",
    ]
    sink.start()
    time_passes()
    deliver()
    assert sink.recipients() == ["ada@example.org", "bob@example.org", "eve@example.org"]


@pytest.mark.django_db(transaction=True)
def test_a_signer_who_withdraws_while_the_email_before_is_sent_gets_none(
    owed: list[OutgoingEmail], sink: SmtpSink
) -> None:
    hold = sink.hold("DATA", to="ada@example.org")

    def work(part: str) -> None:
        if part == "worker":
            deliver()
        else:
            assert hold.reached.wait(10)
            withdraw_signature(Signature.objects.get(outgoing_emails=owed[1]), now=NOW)
            hold.release()

    in_threads(work, ["worker", "signer"], threads=2)
    assert sink.recipients() == ["ada@example.org", "eve@example.org"]


def test_no_error_and_no_log_line_holds_an_address(
    owed: list[OutgoingEmail], sink: SmtpSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "letters")
    sink.answer("RCPT", "550 <ada@example.org> unknown", to="ada@example.org")
    sink.answer("DATA", "451 bob@example.org is over quota", to="bob@example.org")
    deliver()
    assert set(OutgoingEmail.objects.values_list("error", flat=True)) == {"550", "451", ""}
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("letters")]
    assert len(ours) == 2
    assert "@" not in "".join(ours)


# The meaning of an answer


class Raising:
    """A connection to a server that gives one answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def open(self) -> bool:
        return True

    def send_messages(self, messages: list[EmailMessage]) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "verdict", "usable"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (450, b"")}), Verdict.LATER, True),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"")}), Verdict.NEVER, True),
        (smtplib.SMTPRecipientsRefused({"a": (421, b"")}), Verdict.LATER, False),
        (smtplib.SMTPDataError(451, b""), Verdict.LATER, True),
        (smtplib.SMTPDataError(421, b""), Verdict.LATER, False),
        (smtplib.SMTPDataError(554, b""), Verdict.NEVER, True),
        (smtplib.SMTPSenderRefused(550, b"", "us"), Verdict.LATER, False),
        (smtplib.SMTPAuthenticationError(535, b""), Verdict.LATER, False),
        (smtplib.SMTPConnectError(554, b""), Verdict.LATER, False),
        (smtplib.SMTPServerDisconnected("gone"), Verdict.LATER, False),
        (TimeoutError(), Verdict.LATER, False),
        (ConnectionResetError(), Verdict.LATER, False),
    ],
)
def test_each_answer_has_its_meaning(error: Exception, verdict: Verdict, usable: bool) -> None:
    connection: Any = Raising(error)
    answer = hand_over(EmailMessage(to=["a"]), connection)
    assert (answer.verdict, answer.usable) == (verdict, usable)


def test_a_success_means_sent(mailoutbox: list[EmailMessage]) -> None:
    assert hand_over(EmailMessage(to=["a@example.org"]), get_connection()) == SendResult(Verdict.SENT)


@pytest.mark.parametrize(
    ("code", "text", "error", "came_back"),
    [
        (550, b"5.1.1 <ada@example.org> unknown", "550 5.1.1", True),
        (550, b"5.1.1", "550 5.1.1", True),
        (554, b"5.1.1\n5.1.1 no such user", "554 5.1.1", True),
        (550, b"5.2.1 disabled", "550 5.2.1", True),
        (556, b"5.1.10 null MX", "556 5.1.10", True),
        (550, b"no such user", "550", True),
        (551, b"moved to eve@example.org", "551", True),
        (553, b"", "553", True),
        (550, b"5.10.1 unknown", "550 5.10.1", False),
        (550, b"5.1.7 your address", "550 5.1.7", False),
        (553, b"5.1.8 your domain", "553 5.1.8", False),
        (552, b"5.2.3 too long", "552 5.2.3", False),
        (550, b"5.7.1 spam", "550 5.7.1", False),
        (550, b"5.4.1 no way", "550 5.4.1", False),
        (554, b"5.3.0", "554 5.3.0", False),
        (552, b"too large", "552", False),
        (554, b"no", "554", False),
        (500, b"what", "500", False),
        (550, b"4.7.1 contradicts itself", "550 4.7.1", False),
        (550, b"192.0.2.1 is listed", "550", True),
        (550, b"5.1.1.1 is no code", "550", True),
        (550, b"\xff\xfe", "550", True),
        (550, b"5.1.1234567", "550", True),
    ],
)
@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_only_refusals_about_the_mailbox_are_bounces_and_only_codes_are_kept(
    stage: str, code: int, text: bytes, error: str, came_back: bool
) -> None:
    refused = (
        smtplib.SMTPRecipientsRefused({"a": (code, text)}) if stage == "RCPT" else smtplib.SMTPDataError(code, text)
    )
    connection: Any = Raising(refused)
    answer = hand_over(EmailMessage(to=["a"]), connection)
    assert answer == SendResult(Verdict.NEVER, error)
    assert answer.bounced == came_back
