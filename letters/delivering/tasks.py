"""Carrying out what is owed: claim a batch, ask of each mail whether it is still true, send it, note the result."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError
from django.db import connection as database

from letters.delivering.holding import Holding
from letters.delivering.mail import MARKED, Answer, NotBefore, NotNow, Verdict, hand_over, reach
from letters.delivering.operations import (
    claim_deliveries,
    drop_delivery,
    postpone_delivery,
    put_off_delivery,
    release_deliveries,
    settle_delivery,
)
from letters.delivering.pacing import domains_of, moments_to_wait_for, note_results
from letters.models import Delivery, Signature
from letters.shared.clock import DatabaseClock
from letters.shared.tokens import make_mark

log = logging.getLogger(__name__)

# Of a batch that takes longer than this the rest is given back.
BATCH_SECONDS = 60

# Builds the message of a delivery as things stand now, or says when to ask again; None if it is no longer true. Raises
# NotNow if it is, but must not leave yet.
Builder = Callable[[Delivery], EmailMessage | NotBefore | None]


def deliver_owed(mails: Mapping[str, Builder], *, bulk: bool = False) -> None:
    """Send what can wait (`bulk`), or all other mail, batch after batch over one connection, until nothing is due or
    the server is not well.
    """
    connection = get_connection()
    try:
        clock = DatabaseClock()
        while batch := claim_deliveries(now=clock.now(), most=settings.MAIL_BATCH, bulk=bulk):
            with Holding(batch, clock) as held:
                if not _send_batch(batch, mails, connection, held):
                    break
            clock = DatabaseClock()
    finally:
        connection.close()


def _send_batch(
    batch: list[Delivery], mails: Mapping[str, Builder], connection: BaseEmailBackend, held: Holding
) -> bool:
    """Whether the whole batch was tried. With a slow server the rest is given back, for others to send meanwhile."""
    deadline = time.monotonic() + BATCH_SECONDS
    domains = domains_of(batch)
    left, results = _put_aside(batch, domains, held), _Results(domains)
    while left and time.monotonic() < deadline:
        if not _send(left.pop(0), mails, connection, held, results):
            break
    with held.noting:
        release_deliveries(left, now=held.clock.now())
    note_results(results.tried, results.refused, now=held.clock.now())
    return not left


def _put_aside(batch: list[Delivery], domains: Mapping[int, str], held: Holding) -> list[Delivery]:
    """Those that may leave now; the others wait for their domain."""
    waiting = moments_to_wait_for(batch, domains, now=held.clock.now())
    for delivery in batch:
        if delivery.pk in waiting:
            until, why = waiting[delivery.pk]
            with held.noting:
                postpone_delivery(delivery, until=until, why=why)
    return [delivery for delivery in batch if delivery.pk not in waiting]


class _Results:
    """What the domains of a batch said to it."""

    def __init__(self, domains: Mapping[int, str]) -> None:
        self.tried: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._domains = domains

    def note(self, delivery: Delivery, answer: Answer) -> None:
        if domain := self._domains.get(delivery.pk):
            self.tried[domain] += answer.verdict is not Verdict.LATER
            self.refused[domain] += answer.was_refused


def _send(
    delivery: Delivery, mails: Mapping[str, Builder], connection: BaseEmailBackend, held: Holding, results: _Results
) -> bool:
    """Whether the connection can be used for the next mail."""
    if not held.begin(delivery):
        return True
    # Reached before the mail is asked whether it is still true: so one that is dropped waits like any other while the
    # server is away, and "your mail is delayed" tells nobody which of the two it was.
    answer = reach(connection)
    if answer.usable:
        message = _build(delivery, mails, held)
        if message is None:
            return True
        # A provider hands it back when it tells what became of the mail. SMTP does not send it.
        message.metadata = {MARKED: make_mark(delivery.pk)}  # type: ignore[attr-defined]  # anymail's
        answer = hand_over(message, connection)
    _note(delivery, answer, held)
    results.note(delivery, answer)
    if not answer.usable:
        connection.close()
    if answer.verdict is not Verdict.SENT:
        log.warning(
            "Delivery %s, attempt %s: %s (%s)", delivery.pk, delivery.attempts, answer.verdict.value, answer.error
        )
    return answer.usable


def _build(delivery: Delivery, mails: Mapping[str, Builder], held: Holding) -> EmailMessage | None:
    """The message; None if it is not to leave now, which is noted."""
    try:
        message = mails[delivery.kind](delivery)
    except NotNow:
        with held.noting:
            release_deliveries([delivery], now=held.clock.now())
        return None
    except Signature.DoesNotExist:
        # Race: its signer has withdrawn while the email was being built. The delivery has gone with the signature.
        message = None
    except Exception as failure:
        # A text or a key that is missing, a kind newer than this worker: one mail must not hold up all others.
        log.exception("Delivery %s cannot be built.", delivery.pk)
        with held.noting:
            settle_delivery(delivery, Answer(Verdict.LATER, type(failure).__name__), now=held.clock.now())
        return None
    if isinstance(message, EmailMessage):
        return message
    with held.noting:
        if message is None:
            drop_delivery(delivery, now=held.clock.now())
        else:
            put_off_delivery(delivery, until=message.moment, now=held.clock.now())
    return None


def _note(delivery: Delivery, answer: Answer, held: Holding) -> None:
    """If the database was restarted while the mail server took its time, over a new connection: a yes that is not
    noted becomes a second mail.
    """
    with held.noting:
        try:
            settle_delivery(delivery, answer, now=held.clock.now())
        except (OperationalError, InterfaceError):
            database.close()
            # With the others in the pool, which are as dead as this one.
            database.close_pool()  # type: ignore[attr-defined] # the stubs do not know it yet
            settle_delivery(delivery, answer, now=held.clock.now())
