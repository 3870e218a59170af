"""Send what webhooks are owed: one webhook at a time, its messages in their order, until one fails."""

import logging
from collections.abc import Callable
from datetime import datetime

from cryptography.fernet import InvalidToken

from letters.models import Webhook, WebhookDelivery
from letters.organizer.webhooks import queries
from letters.organizer.webhooks.operations import (
    claim_webhook,
    drop_delivery,
    end_claim,
    extend_claim,
    forget_deliveries,
    note_answer,
)
from letters.organizer.webhooks.sending import Answer, send
from letters.shared.addresses import decrypt
from letters.shared.clock import database_now

log = logging.getLogger(__name__)

# After so many messages the next webhook has its turn.
MAX_IN_TURN = 50
# After so many turns the task ends. The clock starts the next one a few seconds later.
MAX_TURNS = 100


def send_owed(clock: Callable[[], datetime] = database_now) -> None:
    """Send what is due now."""
    for _ in range(MAX_TURNS):
        webhook = claim_webhook(now=clock())
        if webhook is None:
            return
        _send_to(webhook, clock)


def _send_to(webhook: Webhook, clock: Callable[[], datetime]) -> None:
    for _ in range(MAX_IN_TURN):
        now = clock()
        delivery = queries.next_due(webhook, now)
        if delivery is None:
            break
        if not extend_claim(webhook, now=now):
            return
        body = queries.body_of(delivery, webhook)
        if body is None:
            drop_delivery(delivery, now=now)
            continue
        answer = _answer_to(delivery, webhook, body, now)
        note_answer(delivery, answer, now=clock())
        if not answer.is_fine:
            # Not end_claim: the other program has a rest.
            return
    end_claim(webhook, now=clock())


def _answer_to(delivery: WebhookDelivery, webhook: Webhook, body: bytes, now: datetime) -> Answer:
    try:
        secret = decrypt(webhook.secret)
    except InvalidToken:
        log.exception("No key in ADDRESS_KEYS can decrypt the secret of webhook %s.", webhook.pk)
        return Answer(error="no_key")
    return send(webhook.url, secret, message_id=delivery.message_id, timestamp=int(now.timestamp()), body=body)


def tidy_webhooks(*, now: datetime) -> None:
    """Delete old messages from the logs."""
    while forget_deliveries(now=now):
        pass
