"""Carrying out what is owed: claim a batch, ask of each mail whether it is still true, send it, note the result."""

import logging
import time
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.utils import timezone

from letters.delivering.mail import MARKED, Answer, NotBefore, NotNow, Verdict, hand_over, reach
from letters.delivering.operations import (
    claim_deliveries,
    drop_delivery,
    put_off_delivery,
    release_deliveries,
    settle_delivery,
)
from letters.models import Delivery, Signature
from letters.shared.tokens import make_mark

log = logging.getLogger(__name__)

# Builds the message of a delivery as things stand now, or says when to ask again; None if it is no longer true. Raises
# NotNow if it is, but must not leave yet.
Builder = Callable[[Delivery], EmailMessage | NotBefore | None]


def deliver_owed(mails: Mapping[str, Builder], *, bulk: bool = False) -> None:
    """Send what can wait (`bulk`), or all other mail, batch after batch over one connection, until nothing is due or
    the server is not well.
    """
    connection = get_connection()
    try:
        while batch := claim_deliveries(now=timezone.now(), most=settings.MAIL_BATCH, bulk=bulk):
            if not _send_batch(batch, mails, connection):
                break
    finally:
        connection.close()


def _send_batch(batch: list[Delivery], mails: Mapping[str, Builder], connection: BaseEmailBackend) -> bool:
    """Whether the whole batch was tried.

    Half the lease is for sending; with a slow server the rest of the batch is given back, before another worker
    could take over mails that this one is still going to send.
    """
    deadline = time.monotonic() + settings.MAIL_LEASE_SECONDS / 2
    left = list(batch)
    while left and time.monotonic() < deadline:
        if not _send(left.pop(0), mails, connection):
            break
    release_deliveries(left, now=timezone.now())
    return not left


def _send(delivery: Delivery, mails: Mapping[str, Builder], connection: BaseEmailBackend) -> bool:
    """Whether the connection can be used for the next mail."""
    # Reached before the mail is asked whether it is still true: so one that is dropped waits like any other while the
    # server is away, and "your mail is delayed" tells nobody which of the two it was.
    answer = reach(connection)
    if answer.usable:
        try:
            message = mails[delivery.kind](delivery)
        except NotNow:
            release_deliveries([delivery], now=timezone.now())
            return True
        except Signature.DoesNotExist:
            # Race: its signer has withdrawn while the email was being built. The delivery has gone with the signature.
            message = None
        except Exception as failure:
            # A text or a key that is missing, a kind newer than this worker: one mail must not hold up all others.
            log.exception("Delivery %s cannot be built.", delivery.pk)
            settle_delivery(delivery, Answer(Verdict.LATER, type(failure).__name__), now=timezone.now())
            return True
        if message is None:
            drop_delivery(delivery, now=timezone.now())
            return True
        if isinstance(message, NotBefore):
            put_off_delivery(delivery, until=message.moment, now=timezone.now())
            return True
        # A provider hands it back when it tells what became of the mail. SMTP does not send it.
        message.metadata = {MARKED: make_mark(delivery.pk)}  # type: ignore[attr-defined]  # anymail's
        answer = hand_over(message, connection)
    _note(delivery, answer)
    if not answer.usable:
        connection.close()
    if answer.verdict is not Verdict.SENT:
        log.warning(
            "Delivery %s, attempt %s: %s (%s)", delivery.pk, delivery.attempts, answer.verdict.value, answer.error
        )
    return answer.usable


def _note(delivery: Delivery, answer: Answer) -> None:
    """If the database was restarted while the mail server took its time, over a new connection: a yes that is not
    noted becomes a second mail.
    """
    try:
        settle_delivery(delivery, answer, now=timezone.now())
    except (OperationalError, InterfaceError):
        database.close()
        # With the others in the pool, which are as dead as this one.
        database.close_pool()  # type: ignore[attr-defined] # the stubs do not know it yet
        settle_delivery(delivery, answer, now=timezone.now())
