"""A worker that is killed at the worst moments, and one that is not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psutil
import pytest
import redis
from django.db import connection, transaction

from letters.models import Letter, OutgoingEmail, Signature
from tests.faults.conftest import PEOPLE, nothing_is_owed, start_sweep, until_nothing_is_owed
from tests.people import Signer, signature_of
from tests.smtp import SmtpSink
from tests.stack import Part, Parts, link_in, until

pytestmark = pytest.mark.django_db(transaction=True)

ADA, BERTA, CARLO = PEOPLE


@pytest.mark.parametrize(
    ("stage", "whose", "noted"),
    [("CONNECT", "", 0), ("MAIL", "", 0), ("RCPT", ADA, 0), ("DATA", ADA, 0), ("RCPT", BERTA, 1), ("DATA", CARLO, 2)],
    ids=[
        *["before the greeting", "before the sender is taken", "before the recipient is taken", "before a yes"],
        *["one noted, two claimed", "two noted, the last before a yes"],
    ],
)
def test_everyone_gets_one_email_if_a_worker_is_killed_between_claim_and_send(
    stage: str, whose: str, noted: int, *, all_sign: Callable[[], None], worker: Part, sink: SmtpSink, parts: Parts
) -> None:
    hold = sink.hold(stage, to=whose)
    all_sign()
    assert hold.reached.wait(60)
    assert OutgoingEmail.objects.filter(attempts=1).count() == 3
    assert sent() == noted
    # The lock is not released: with its connection, a mail server forgets what it has not accepted.
    worker.kill()
    parts.start_worker()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == PEOPLE
    assert sent() == 3


def test_everyone_gets_one_email_if_a_worker_is_killed_before_it_claims(
    all_sign: Callable[[], None], worker: Part, valkey: "redis.Redis", sink: SmtpSink, parts: Parts
) -> None:
    # Pretend that a wake-up is under way, so that the worker is not woken.
    valkey.set("wakeup:letters.deliver", 1)
    all_sign()
    with emails_locked():
        start_sweep()
        until(someone_waits_for_the_lock)
        worker.kill()
    parts.start_worker()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == PEOPLE


def test_only_the_email_in_flight_is_sent_again_if_a_worker_is_killed_before_the_servers_answer(
    all_sign: Callable[[], None], worker: Part, sink: SmtpSink, parts: Parts
) -> None:
    hold = sink.hold("ACCEPTED", to=BERTA)
    all_sign()
    assert hold.reached.wait(60)
    worker.kill()
    parts.start_worker()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == [ADA, BERTA, BERTA, CARLO]
    assert_twice_the_same(sink, BERTA)


def test_at_most_one_email_is_sent_again_if_a_worker_is_killed_while_it_notes_the_result(
    all_sign: Callable[[], None], worker: Part, sink: SmtpSink, parts: Parts
) -> None:
    hold = sink.hold("DATA", to=BERTA)
    all_sign()
    assert hold.reached.wait(60)
    with emails_locked():
        hold.release()
        until(someone_waits_for_the_lock)
        worker.kill()
    parts.start_worker()
    until_nothing_is_owed()
    # PostgreSQL may still finish a statement of a dead client.
    assert sorted(sink.recipients()) in (PEOPLE, [ADA, BERTA, BERTA, CARLO])


def test_the_worker_replaces_a_killed_child_process_and_everyone_gets_one_email(
    all_sign: Callable[[], None], worker: Part, sink: SmtpSink
) -> None:
    """Kill a process as the kernel does when memory runs out."""
    hold = sink.hold("DATA", to=BERTA)
    all_sign()
    assert hold.reached.wait(60)
    process_that_sends(worker, sink).kill()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == PEOPLE
    assert worker.process.poll() is None


def test_a_worker_that_waits_for_a_slow_server_keeps_what_it_claimed(
    all_sign: Callable[[], None], worker: Part, sink: SmtpSink
) -> None:
    """The work takes longer than the lease, which the worker renews: everyone has exactly one email."""
    hold = sink.hold("RCPT", to=ADA)
    all_sign()
    assert hold.reached.wait(60)
    begun = leases()
    # Renewed twice: the first lease has ended.
    until(lambda: min(leases()) > max(begun) + timedelta(seconds=2))
    start_sweep()
    hold.release()
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == PEOPLE
    assert set(OutgoingEmail.objects.values_list("attempts", flat=True)) == {1}


def test_a_worker_suspended_past_its_lease_sends_at_most_its_current_email_again(
    all_sign: Callable[[], None], worker: Part, sink: SmtpSink
) -> None:
    hold = sink.hold("RCPT", to=ADA)
    all_sign()
    assert hold.reached.wait(60)
    suspended = process_that_sends(worker, sink)
    suspended.suspend()
    # Others take over the emails that it claimed.
    until_nothing_is_owed()
    assert sorted(sink.recipients()) == PEOPLE
    suspended.resume()
    hold.release()
    until(sink.is_idle)
    assert sorted(sink.recipients()) == [ADA, *PEOPLE]
    assert_twice_the_same(sink, ADA)


def test_a_signature_is_emailed_confirmed_and_numbered_without_the_clock(
    letter: Letter, signer: Signer, worker: Part, sink: SmtpSink
) -> None:
    signer.sign(letter, email=ADA)
    assert sink.wait_for(1, 60)
    assert b"Thank you for signing" in signer.press(link_in(sink.received[0].message, "confirm")).content
    until(lambda: signature_of(letter).state == Signature.State.PUBLISHED)
    assert signature_of(letter).number == 1
    assert signer.count(letter)["published"] == 1
    until(nothing_is_owed)
    # The email to confirm, and the one that thanks.
    assert sink.recipients() == [ADA, ADA]


def leases() -> list[datetime]:
    return list(OutgoingEmail.objects.values_list("next_attempt_at", flat=True))


def sent() -> int:
    return OutgoingEmail.objects.filter(sent_at__isnull=False).count()


def assert_twice_the_same(sink: SmtpSink, recipient: str) -> None:
    first, second = (mail.message["Message-ID"] for mail in sink.received if mail.recipients == [recipient])
    assert first == second


@contextmanager
def emails_locked() -> Iterator[None]:
    """Lock the table, so that every other writer waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE letters_outgoingemail IN SHARE ROW EXCLUSIVE MODE")
        yield


def someone_waits_for_the_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE relation = 'letters_outgoingemail'::regclass AND NOT granted")
        return cursor.fetchone() is not None


def process_that_sends(worker: Part, sink: SmtpSink) -> psutil.Process:
    """Return the process of the worker that has a connection to the mail server."""
    (found,) = [
        process
        for process in psutil.Process(worker.process.pid).children()
        if any(there.raddr and there.raddr.port == sink.port for there in process.net_connections())
    ]
    return found
