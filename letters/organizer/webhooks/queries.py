"""Read webhooks and their log, and what a message says."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from letters.models import Collective, Display, Letter, Signature, Webhook, WebhookDelivery

MAX_LISTED = 50
Kind = WebhookDelivery.Kind


@dataclass(frozen=True)
class LogEntry:
    """One message in the log."""

    delivery: WebhookDelivery
    title: str


def webhooks_of(collective: Collective) -> list[Webhook]:
    return list(collective.webhooks.order_by("pk"))


def log_of(webhook: Webhook) -> list[LogEntry]:
    """Return the newest messages, the newest first."""
    deliveries = webhook.deliveries.select_related("letter__collective").order_by("-pk")[:MAX_LISTED]
    titles: dict[int, str] = {}
    for each in deliveries:
        if each.letter and each.letter_id not in titles:
            titles[each.letter.pk] = each.letter.newest_title()
    return [LogEntry(each, titles.get(each.letter_id or 0, "")) for each in deliveries]


def due_webhooks(now: datetime) -> Any:
    """Select webhooks that have something to send now, the one that has waited longest first."""
    due = WebhookDelivery.objects.owed().filter(webhook=OuterRef("pk"), next_attempt_at__lte=now)
    on = Webhook.objects.filter(off=Webhook.Off.NO, not_before__lte=now, collective__suspended_at=None)
    return on.filter(Exists(due)).order_by("not_before", "pk")


def next_due(webhook: Webhook, now: datetime) -> WebhookDelivery | None:
    due = webhook.deliveries.owed().filter(next_attempt_at__lte=now)
    found: WebhookDelivery | None = due.order_by("next_attempt_at", "pk").first()
    return found


def body_of(delivery: WebhookDelivery, webhook: Webhook) -> bytes | None:
    """Return what a message says, as JSON; None if it is no longer so, and must not be sent.

    Privacy: read when the message leaves, so that nobody hears a name after its signer has hidden it.
    """
    data = {} if delivery.kind == Kind.TEST else _data_of(delivery, webhook)
    if data is None:
        return None
    message = {"type": Kind(delivery.kind).label, "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _data_of(delivery: WebhookDelivery, webhook: Webhook) -> dict[str, object] | None:
    letters = Letter.objects.public().exclude(status=Letter.Status.TAKEN_DOWN)
    mine = letters.filter(pk=delivery.letter_id or 0, collective=webhook.collective_id)
    letter = mine.select_related("collective").first()
    if letter is None:
        return None
    url = settings.SITE_URL + letter.get_absolute_url()
    data: dict[str, object] = {"letter": letter.slug, "letter_url": url}
    if delivery.kind == Kind.COUNT:
        return {**data, "count": delivery.number}
    if delivery.kind == Kind.WITHDRAWN:
        return {**data, "number": delivery.number}
    named = Signature.objects.published().filter(letter=letter, number=delivery.number, display=Display.PUBLIC)
    signature = named.first()
    if signature is None:
        return None
    return {
        **data,
        "number": signature.number,
        "name": signature.name,
        "affiliation": signature.affiliation,
        "role": signature.role,
        "confirmed_domain": signature.domain,
        "comment": signature.public_comment(letter),
        # Privacy: the day, as on the list, and no time.
        "published_on": str(letter.day_of(signature.published_at)),
    }
