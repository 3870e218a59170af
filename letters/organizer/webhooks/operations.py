"""Add, test, switch off and delete webhooks, and note what became of each message."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from letters.base.audit_log.operations import record
from letters.base.changes.operations import CollectiveChange, change_collective
from letters.models import OWNING, AuditEvent, Collective, NotificationKind, User, Webhook, WebhookDelivery
from letters.organizer.notifications.operations import announce
from letters.organizer.webhooks import queries
from letters.organizer.webhooks.sending import GONE, Answer, new_secret
from letters.shared.addresses import encrypt, reencrypt
from letters.shared.refused import Refusal, Refused

MAX_WEBHOOKS = 5
# Abuse: a test is a request to any server of the internet.
MAX_TESTS_AN_HOUR = 20
# How long after each failed attempt the next one follows. After the last, the message has failed.
PAUSES = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
]
# A webhook to which nothing has arrived for this long is switched off.
GIVE_UP_AFTER = timedelta(days=5)
# After a second failure, other messages to the same address wait for this long, so that one that hangs keeps no worker
# busy. After the first, they wait as long as the first of PAUSES.
REST = timedelta(seconds=60)
# No other worker takes the webhook during this time. Each message extends it.
LEASE = timedelta(minutes=2)
RETENTION = timedelta(days=30)
MAX_FORGOTTEN = 10_000


@transaction.atomic
def add_webhook(collective: Collective, *, url: str, by: User, now: datetime) -> tuple[Webhook, str]:
    """Add a webhook, and return it with its secret, which is never shown again.

    Raises Refused("not_yours"); Refused("too_many_webhooks").
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    if collective.webhooks.count() >= MAX_WEBHOOKS:
        raise Refused(Refusal.TOO_MANY_WEBHOOKS)
    secret = new_secret()
    webhook = collective.webhooks.create(url=url, secret=encrypt(secret), created_at=now, not_before=now)
    _record(change, "add_webhook", webhook)
    return webhook, secret


@transaction.atomic
def delete_webhook(webhook: Webhook, *, by: User, now: datetime) -> None:
    """Delete a webhook with its log. Idempotent. Raises Refused("not_yours")."""
    change = change_collective(webhook.collective, OWNING, by=by, now=now)
    if Webhook.objects.filter(pk=webhook.pk).exists():
        _record(change, "delete_webhook", webhook)
        Webhook.objects.filter(pk=webhook.pk).delete()


@transaction.atomic
def switch_webhook(webhook: Webhook, *, on: bool, by: User, now: datetime) -> None:
    """Switch a webhook on or off. Idempotent. While it is off, nothing is noted for it. Raises Refused("not_yours")."""
    change = change_collective(webhook.collective, OWNING, by=by, now=now)
    row = Webhook.objects.filter(pk=webhook.pk)
    if on and row.exclude(off=Webhook.Off.NO).update(off=Webhook.Off.NO, failing_since=None, not_before=now):
        _record(change, "switch_webhook_on", webhook)
    if not on and row.filter(off=Webhook.Off.NO).update(off=Webhook.Off.OWNER):
        _drop_owed(webhook, now)
        _record(change, "switch_webhook_off", webhook)


@transaction.atomic
def send_test(webhook: Webhook, *, by: User, now: datetime) -> None:
    """Send a message that says nothing. Raises Refused("not_yours"), "webhook_off" and "too_many_tests"."""
    change = change_collective(webhook.collective, OWNING, by=by, now=now)
    _require_on(webhook)
    _require_few_tests(webhook, now)
    kind, message_id = WebhookDelivery.Kind.TEST, f"msg_{secrets.token_hex(16)}"
    webhook.deliveries.create(kind=kind, message_id=message_id, created_at=now, next_attempt_at=now)
    Webhook.objects.filter(pk=webhook.pk, not_before__gt=now, failing_since__isnull=False).update(not_before=now)
    _record(change, "test_webhook", webhook)


@transaction.atomic
def send_again(delivery: WebhookDelivery, *, by: User, now: datetime) -> None:
    """Send a message again, under the same id. Raises Refused("not_yours") and Refused("webhook_off").

    A test that is sent again is one more test. Raises Refused("too_many_tests").
    """
    webhook = delivery.webhook
    change = change_collective(webhook.collective, OWNING, by=by, now=now)
    _require_on(webhook)
    is_test = delivery.kind == WebhookDelivery.Kind.TEST
    if is_test:
        _require_few_tests(webhook, now)
    ended = {"delivered_at": None, "failed_at": None, "dropped_at": None, "status": None, "error": ""}
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**ended, attempts=0, next_attempt_at=now)
    _record(change, "test_webhook" if is_test else "resend_webhook", webhook)


def _require_on(webhook: Webhook) -> None:
    if not Webhook.objects.filter(pk=webhook.pk, off=Webhook.Off.NO).exists():
        raise Refused(Refusal.WEBHOOK_OFF)


def _require_few_tests(webhook: Webhook, now: datetime) -> None:
    """Abuse: the audit record is asked, because the messages of a webhook are deleted with it."""
    sent = AuditEvent.objects.filter(collective=webhook.collective_id, verb="test_webhook")
    if sent.filter(at__gt=now - timedelta(hours=1)).count() >= MAX_TESTS_AN_HOUR:
        raise Refused(Refusal.TOO_MANY_TESTS)


def _record(change: CollectiveChange, verb: str, webhook: Webhook) -> None:
    change.record(verb, webhook, details={"host": host_of(webhook)})


def host_of(webhook: Webhook) -> str:
    """Return the host of its address. Privacy: the rest may contain a password of the other program."""
    return urlsplit(webhook.url).hostname or ""


# The notes of a worker


@transaction.atomic
def claim_webhook(*, now: datetime) -> Webhook | None:
    """Take the webhook that has waited longest with something to send; None if there is none."""
    webhook: Webhook | None = (
        queries.due_webhooks(now).select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    )
    if webhook and extend_claim(webhook, now=now):
        return webhook
    return None


def extend_claim(webhook: Webhook, *, now: datetime) -> bool:
    """Keep other workers away for another LEASE. Returns False if one has taken over, or it was switched off."""
    mine = Webhook.objects.filter(pk=webhook.pk, not_before=webhook.not_before, off=Webhook.Off.NO)
    if not mine.update(not_before=now + LEASE):
        return False
    webhook.not_before = now + LEASE
    return True


def end_claim(webhook: Webhook, *, now: datetime) -> None:
    Webhook.objects.filter(pk=webhook.pk, not_before=webhook.not_before).update(not_before=now)


def drop_delivery(delivery: WebhookDelivery, *, now: datetime) -> None:
    """Note that a message says something that is no longer so, and is not sent."""
    WebhookDelivery.objects.owed().filter(pk=delivery.pk).update(dropped_at=now, status=None, error="")


@transaction.atomic
def note_answer(delivery: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    """Note how the other program answered. After days without success, switch the webhook off and tell the owners."""
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=delivery.webhook_id)
    row, hook = WebhookDelivery.objects.owed().filter(pk=delivery.pk), Webhook.objects.filter(pk=delivery.webhook_id)
    said = {"attempts": F("attempts") + 1, "status": answer.status, "error": answer.error}
    if answer.is_fine:
        row.update(**said, delivered_at=now)
        hook.update(failing_since=None)
        return
    if delivery.attempts < len(PAUSES):
        row.update(**said, next_attempt_at=now + PAUSES[delivery.attempts])
    else:
        row.update(**said, failed_at=now)
    hook.update(
        failing_since=Coalesce("failing_since", now), not_before=now + (REST if webhook.failing_since else PAUSES[0])
    )
    if answer.status == GONE:
        _give_up(hook.get(), Webhook.Off.GONE, now)
    elif hook.filter(failing_since__lte=now - GIVE_UP_AFTER).exists():
        _give_up(hook.get(), Webhook.Off.FAILING, now)


def _give_up(webhook: Webhook, why: Webhook.Off, now: datetime) -> None:
    if not Webhook.objects.filter(pk=webhook.pk, off=Webhook.Off.NO).update(off=why):
        return
    _drop_owed(webhook, now)
    record("fail_webhook", webhook, by=None, now=now, details={"host": host_of(webhook)})
    announce(NotificationKind.WEBHOOK_OFF, webhook.pk, now.isoformat(), collective=webhook.collective, now=now)


def _drop_owed(webhook: Webhook, now: datetime) -> None:
    webhook.deliveries.owed().update(dropped_at=now)


def forget_deliveries(*, now: datetime) -> int:
    """Delete old messages. Returns how many."""
    old = WebhookDelivery.objects.filter(created_at__lt=now - RETENTION).values_list("pk", flat=True)
    return WebhookDelivery.objects.filter(pk__in=list(old[:MAX_FORGOTTEN])).delete()[0]


def reencrypt_webhooks() -> tuple[int, list[int]]:
    """Encrypt the secrets under the newest key. Returns how many changed, and the ids that no key decrypts."""
    changed, unreadable = 0, []
    for webhook in Webhook.objects.only("secret"):
        try:
            fresh = reencrypt(webhook.secret)
        except InvalidToken:
            unreadable.append(webhook.pk)
            continue
        changed += Webhook.objects.filter(pk=webhook.pk).exclude(secret=fresh).update(secret=fresh)
    return changed, unreadable
