"""Reports from email providers (webhooks, read by django-anymail)."""

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
    """A provider, and how to read its reports."""

    view: type[AnymailBaseWebhookView]
    # Says, from the provider's own field, whether a bounce is permanent. anymail also calls a full mailbox "bounced",
    # and an email that the provider's own rules refuse "rejected".
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
# The exceptions of anymail for unreadable input. RecursionError comes from a hundred thousand nested lists.
UNREADABLE = (AnymailConfigurationError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
NOT_ARRIVED = {EventType.BOUNCED, EventType.REJECTED, EventType.DEFERRED}


@csrf_exempt  # Providers authenticate with a secret and have no cookie.
@require_http_methods(["HEAD", "POST"])
def tracking(request: HttpRequest, provider: str) -> HttpResponse:
    """Store bounces and spam reports. Without EMAIL_WEBHOOK_SECRET, or for an unknown provider, answers 404.

    A provider repeats a report that was not answered with 200, even hours later, so each event is stored in its own
    transaction.
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
    except (
        AnymailConfigurationError
    ) as incomplete:  # Mailgun signs its reports, and we have no key with which to verify them.
        raise Http404 from incomplete


def _events(view: AnymailBaseWebhookView, request: HttpRequest) -> list[AnymailTrackingEvent]:
    """Raises SuspiciousOperation (400) for a wrong secret and for unreadable input."""
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
            # Providers repeat reports, and a refusal must count once. Counted before it is stored, because then the
            # address may be gone.
            refused = Counter(domains_of([outgoing]).values()) if outgoing.failed_at is None else Counter[str]()
            note_bounce(outgoing, at=at, now=now)
            note_results(Counter(), refused, now=now)
        else:
            note_delay(outgoing)


def _outgoing_emails(event: AnymailTrackingEvent) -> list[OutgoingEmail]:
    """Return the email with the mark of the report.

    Without metadata (an email sent through the provider's SMTP server), the last one to each signature of the address.
    With other metadata, the email belongs to another site at the same provider.
    """
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    if metadata:
        outgoing = email_of_mark(str(metadata.get(MARKED, "")))
        return [outgoing] if outgoing else []
    complained = event.event_type == EventType.COMPLAINED
    return last_emails_to(event.recipient, complained=complained) if isinstance(event.recipient, str) else []
