"""What providers tell us of the mails that they have sent for us (webhooks, read by django-anymail)."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anymail.exceptions import AnymailConfigurationError
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from letters.base.outbox.mail import MARKED
from letters.base.outbox.operations import note_bounce, note_complaint, note_delay
from letters.base.outbox.pacing import domains_of, note_results
from letters.base.outbox.queries import email_of_mark, last_emails_to
from letters.models import OutgoingEmail


@dataclass(frozen=True)
class Provider:
    """How to read what one of them posts."""

    view: type[AnymailBaseWebhookView]
    # Whether a bounce is for good, by the provider's own word for it: to anymail a full mailbox is "bounced" as well,
    # and a mail that its rules refuse for our sake is "rejected" like one to a mailbox that does not exist.
    is_final: Callable[[Mapping[str, Any]], bool]


PROVIDERS = {
    "brevo": Provider(
        BrevoTrackingWebhookView,
        lambda told: told.get("event") in {"hard_bounce", "invalid_email", "blocked"},
    ),
    "mailgun": Provider(
        MailgunTrackingWebhookView,
        lambda told: told.get("event-data", {}).get("severity") == "permanent",
    ),
    "postmark": Provider(
        PostmarkTrackingWebhookView,
        lambda told: (
            told.get("Type", told.get("SuppressionReason")) in {"HardBounce", "BadEmailAddress", "ManuallyDeactivated"}
        ),
    ),
}
# What anymail raises for what nobody can read. RecursionError: a hundred thousand nested lists.
UNREADABLE = (AnymailConfigurationError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
NOT_ARRIVED = {EventType.BOUNCED, EventType.REJECTED, EventType.DEFERRED}


@csrf_exempt  # Whoever posts here shows a secret, and has no cookie.
@require_http_methods(["HEAD", "POST"])
def tracking(request: HttpRequest, provider: str) -> HttpResponse:
    """Note bounces and complaints. Without EMAIL_WEBHOOK_SECRET, or for a provider that we cannot read, a 404.

    A provider posts again what was not answered with 200, hours later too; so each event is noted for itself.
    """
    view = _view(provider)
    if request.method == "POST":
        for event in _events(view, request):
            _note(event, PROVIDERS[provider], now=timezone.now())
    return HttpResponse()


def _view(provider: str) -> AnymailBaseWebhookView:
    if not settings.ANYMAIL.get("WEBHOOK_SECRET") or provider not in PROVIDERS:
        raise Http404
    try:
        return PROVIDERS[provider].view()
    except AnymailConfigurationError as incomplete:  # Mailgun signs what it posts, and we have no key to check that.
        raise Http404 from incomplete


def _events(view: AnymailBaseWebhookView, request: HttpRequest) -> list[AnymailTrackingEvent]:
    """Raises SuspiciousOperation, an answer of 400, for who does not know the secret, and for what nobody can read."""
    try:
        view.run_validators(request)
        events: list[AnymailTrackingEvent] = view.parse_events(request)
    except UNREADABLE as unreadable:
        raise BadRequest(f"{view.esp_name} posted what anymail cannot read: {type(unreadable).__name__}") from None
    return events


def _note(event: AnymailTrackingEvent, provider: Provider, *, now: datetime) -> None:
    complained = event.event_type == EventType.COMPLAINED
    if not complained and event.event_type not in NOT_ARRIVED:
        return
    at = min(event.timestamp, now) if event.timestamp and timezone.is_aware(event.timestamp) else now
    for outgoing in _outgoing_emails(event):
        if complained:
            note_complaint(outgoing, at=at, now=now)
        elif event.event_type != EventType.DEFERRED and provider.is_final(event.esp_event):
            # Providers tell again: a refusal counts once. Before it is noted, since nothing may be left of its address.
            refused = Counter(domains_of([outgoing]).values()) if outgoing.failed_at is None else Counter[str]()
            note_bounce(outgoing, at=at, now=now)
            note_results(Counter(), refused, now=now)
        else:
            note_delay(outgoing)


def _outgoing_emails(event: AnymailTrackingEvent) -> list[OutgoingEmail]:
    """The mail by its mark. Without any metadata (it went through the provider's SMTP server) the last one to each
    signature of the address. With anything else beside it, it is the mail of another site at the same provider.
    """
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    if metadata:
        outgoing = email_of_mark(str(metadata.get(MARKED, "")))
        return [outgoing] if outgoing else []
    return last_emails_to(event.recipient) if isinstance(event.recipient, str) else []
