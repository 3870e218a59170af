"""Words for the state of a webhook and of its messages."""

from django import template
from django.utils.translation import gettext, ngettext

from letters.models import Webhook, WebhookDelivery

register = template.Library()
Kind = WebhookDelivery.Kind


@register.filter
def webhook_state(webhook: Webhook) -> str:
    """Return whether a webhook is on, and if not, why."""
    if webhook.off == Webhook.Off.OWNER:
        return gettext("Switched off by an owner.")
    if webhook.off == Webhook.Off.FAILING:
        return gettext("Switched off, because nothing arrived for five days.")
    if webhook.off == Webhook.Off.GONE:
        return gettext("Switched off, because the other program answered that it is gone.")
    if webhook.failing_since:
        return gettext("On, but the last message did not arrive.")
    return gettext("On.")


@register.filter
def webhook_event(delivery: WebhookDelivery) -> str:
    """Return what a message is about."""
    number = {"number": delivery.number}
    sentences = {
        Kind.PUBLISHED: gettext("Signature %(number)s is public"),
        Kind.WITHDRAWN: gettext("Signature %(number)s is no longer public"),
        Kind.COUNT: gettext("The letter has %(number)s signatures"),
        Kind.TEST: gettext("Test"),
    }
    return sentences[Kind(delivery.kind)] % number


@register.filter
def webhook_result(delivery: WebhookDelivery) -> str:
    """Return what became of a message."""
    if delivery.delivered_at:
        return gettext("Arrived (%(status)s).") % {"status": delivery.status}
    if delivery.dropped_at:
        return gettext("Not sent, because it was no longer true or the webhook was off.")
    if not delivery.attempts:
        return gettext("Waiting.")
    tried = ngettext("Tried once.", "Tried %(times)s times.", delivery.attempts) % {"times": delivery.attempts}
    last = gettext("We will not try again.") if delivery.failed_at else gettext("We will try again.")
    return f"{_why_failed(delivery)} {tried} {last}"


def _why_failed(delivery: WebhookDelivery) -> str:
    if delivery.status is not None and 300 <= delivery.status < 400:
        return gettext("The answer was a redirect (%(status)s), which we do not follow.") % {"status": delivery.status}
    if delivery.status is not None:
        return gettext("The answer was an error (%(status)s).") % {"status": delivery.status}
    sentences = {
        "unresolved": gettext("There is no server with this name."),
        "not_public": gettext("The server is not on the public internet, so we do not send to it."),
        "certificate": gettext("The certificate of the server is not valid for this address."),
        "timeout": gettext("The server did not answer in time."),
        "unreachable": gettext("We could not connect to the server."),
    }
    return sentences.get(delivery.error, gettext("We could not send it."))
