"""Send the emails that are due: claim a batch, build each email if it is still valid, send it, and store the result."""

import logging
import time
from collections import Counter
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError
from django.db import connection as database

from letters.base.outbox.built import Builder, Built, Drop, DropReason, Hold, Send, Unsent, Wait
from letters.base.outbox.lease import Lease
from letters.base.outbox.mail import MARKED, SendResult, Verdict, hand_over, reach
from letters.base.outbox.operations import (
    claim_emails,
    drop_email,
    postpone_email,
    put_off_email,
    release_emails,
    settle_email,
)
from letters.base.outbox.pacing import domains_of, moments_to_wait_for, note_results
from letters.base.outbox.queries import stopped_among
from letters.models import OutgoingEmail, Signature
from letters.shared.clock import DatabaseClock
from letters.shared.tokens import make_mark
from letters.shared.wakeups import notify_bulk_mail_worker, notify_mail_worker

log = logging.getLogger(__name__)

# A worker releases the rest of a batch after this time.
BATCH_SECONDS = 60
# A task begins no batch after this time, and wakes another task. A worker that is told to stop waits for its task,
# which would otherwise never end while people sign all the time.
TASK_SECONDS = 15


def deliver_owed(builders: Mapping[str, Builder], *, bulk: bool = False) -> None:
    """Send bulk emails, or all others, in batches over one connection, until nothing is due or the server fails.

    After TASK_SECONDS, another task goes on.
    """
    connection = get_connection()
    deadline = time.monotonic() + TASK_SECONDS
    try:
        clock = DatabaseClock()
        while batch := claim_emails(now=clock.now(), most=settings.MAIL_BATCH, bulk=bulk):
            with Lease(batch, clock) as held:
                if not _send_batch(batch, builders, connection, held):
                    break
            if time.monotonic() >= deadline:
                (notify_bulk_mail_worker if bulk else notify_mail_worker)()
                break
            clock = DatabaseClock()
    finally:
        connection.close()


def _send_batch(
    batch: list[OutgoingEmail], builders: Mapping[str, Builder], connection: BaseEmailBackend, held: Lease
) -> bool:
    """Send a batch.

    Returns whether all of it was attempted; with a slow server the rest is released for other workers.
    """
    deadline = time.monotonic() + BATCH_SECONDS
    domains = domains_of(batch)
    left, results = _put_aside(batch, domains, held), _Results(domains)
    while left and time.monotonic() < deadline:
        if not _send(left.pop(0), builders, connection, held, results):
            break
    with held.noting:
        release_emails(left, now=held.clock.now())
    note_results(results.tried, results.refused, now=held.clock.now())
    return not left


def _put_aside(batch: list[OutgoingEmail], domains: Mapping[int, str], held: Lease) -> list[OutgoingEmail]:
    """Return the emails that may leave now; the others wait for their domain, or their owner wants none.

    Privacy: whether an owner wants none does not depend on what the address has signed.
    """
    stopped = stopped_among(batch)
    waiting = moments_to_wait_for(batch, domains, now=held.clock.now())
    for outgoing in batch:
        with held.noting:
            if outgoing.pk in stopped:
                drop_email(outgoing, now=held.clock.now())
            elif outgoing.pk in waiting:
                until, why = waiting[outgoing.pk]
                postpone_email(outgoing, until=until, why=why)
    return [outgoing for outgoing in batch if outgoing.pk not in stopped and outgoing.pk not in waiting]


class _Results:
    """The answers of the domains in a batch."""

    def __init__(self, domains: Mapping[int, str]) -> None:
        self.tried: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._domains = domains

    def note(self, outgoing: OutgoingEmail, answer: SendResult) -> None:
        if domain := self._domains.get(outgoing.pk):
            self.tried[domain] += answer.verdict is not Verdict.LATER
            self.refused[domain] += answer.was_refused


def _send(
    outgoing: OutgoingEmail,
    builders: Mapping[str, Builder],
    connection: BaseEmailBackend,
    held: Lease,
    results: _Results,
) -> bool:
    """Send one email. Returns whether the connection can be used for the next."""
    if not held.begin(outgoing):
        return True
    # Timing defence: connect before building the email. So an email that is dropped waits like any other while the
    # server is unavailable, and "your email is delayed" does not reveal which of the two it was.
    answer = reach(connection)
    if answer.usable:
        message = _build(outgoing, builders, held)
        if message is None:
            return True
        # A provider returns this mark in its reports. SMTP does not send it.
        message.metadata = {MARKED: make_mark(outgoing.pk)}  # type: ignore[attr-defined]  # anymail's
        answer = hand_over(message, connection)
    _note(outgoing, answer, held)
    results.note(outgoing, answer)
    if not answer.usable:
        connection.close()
    if answer.verdict is not Verdict.SENT:
        log.warning(
            "Outgoing email %s, attempt %s: %s (%s)", outgoing.pk, outgoing.attempts, answer.verdict.value, answer.error
        )
    return answer.usable


def _build(outgoing: OutgoingEmail, builders: Mapping[str, Builder], held: Lease) -> EmailMessage | None:
    """Build the message; None if it must not leave now, which is stored."""
    built: Built
    try:
        built = builders[outgoing.kind](outgoing)
    except Signature.DoesNotExist:
        # Race: the signer has withdrawn in the meantime, and the email was deleted with the signature.
        built = Drop(DropReason.GONE)
    except Exception as failure:
        # A missing text or key, or a kind newer than this worker: one email must not hold up the others.
        log.exception("Outgoing email %s could not be built.", outgoing.pk)
        with held.noting:
            settle_email(outgoing, SendResult(Verdict.LATER, type(failure).__name__), now=held.clock.now())
        return None
    if isinstance(built, Send):
        return built.message
    _note_unsent(outgoing, built, held)
    return None


def _note_unsent(outgoing: OutgoingEmail, unsent: Unsent, held: Lease) -> None:
    with held.noting:
        match unsent:
            case Wait(until):
                put_off_email(outgoing, until=until, now=held.clock.now())
            case Hold():
                release_emails([outgoing], now=held.clock.now())
            case Drop():
                drop_email(outgoing, now=held.clock.now())


# Seconds. The first connection after a restart may fail, and then none is tried while the circuit is open.
NOTING_PAUSES = [0, 1, 2, 3]


def _note(outgoing: OutgoingEmail, answer: SendResult, held: Lease) -> None:
    """Store the result, over a new connection if the database has restarted: an email whose success is not stored is
    sent again.
    """
    for pause in NOTING_PAUSES:
        with held.noting:
            try:
                settle_email(outgoing, answer, now=held.clock.now())
            except (OperationalError, InterfaceError):
                database.close()
                # The other connections in the pool are dead too.
                database.close_pool()  # type: ignore[attr-defined] # the stubs do not know it yet
            else:
                return
        if outgoing.next_attempt_at <= held.clock.now():
            break
        time.sleep(pause)
    with held.noting:
        settle_email(outgoing, answer, now=held.clock.now())
