"""The owners' pages about webhooks."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_collective
from letters.models import OWNING, Collective, User, Webhook, WebhookDelivery
from letters.organizer.webhooks import queries
from letters.organizer.webhooks.forms import WebhookForm
from letters.organizer.webhooks.operations import (
    add_webhook,
    delete_webhook,
    send_test,
    switch_webhook,
)
from letters.organizer.webhooks.operations import send_again as send_delivery_again
from letters.shared.explaining import add_refusal, explain
from letters.shared.refused import Refused


@of_own_collective("GET", "HEAD", "POST", roles=OWNING)
def webhooks(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    """List the webhooks, and add one. Its secret is on the page that answers, and never again."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    added: dict[str, Any] = {}
    if form.is_valid():
        try:
            webhook, secret = add_webhook(collective, url=form.cleaned_data["url"], by=owner, now=timezone.now())
            added = {"added": webhook, "secret": secret}
            form = WebhookForm()
        except Refused as refused:
            add_refusal(form, refused)
    context = {
        "collective": collective,
        "owns": True,
        "form": form,
        "webhooks": queries.webhooks_of(collective),
        **added,
    }
    return render(request, "letters/webhooks/webhooks.html", context, status=422 if form.errors else 200)


@of_own_collective("GET", "HEAD", "POST", roles=OWNING)
def webhook(request: HttpRequest, collective: Collective, owner: User, webhook_id: int) -> HttpResponse:
    """Show the log of a webhook, send a test, switch it off or on, or delete it."""
    shown = _webhook_or_404(collective, webhook_id)
    if request.method != "POST":
        return _log_page(request, collective, shown)
    action, now = request.POST.get("action"), timezone.now()
    try:
        if action == "test":
            send_test(shown, by=owner, now=now)
            messages.success(request, gettext("The test is on its way. Reload this page in a few seconds."))
        elif action in {"on", "off"}:
            switch_webhook(shown, on=action == "on", by=owner, now=now)
            messages.success(request, gettext("Saved."))
        elif action == "delete":
            delete_webhook(shown, by=owner, now=now)
            messages.success(request, gettext("The webhook is deleted."))
            return redirect("webhooks", slug=collective.slug)
        else:
            raise Http404("There is no such action.")
    except Refused as refused:
        return _log_page(request, collective, shown, refusal=explain(refused))
    return redirect("webhook", slug=collective.slug, webhook_id=shown.pk)


@of_own_collective("POST", roles=OWNING)
def send_again(
    request: HttpRequest, collective: Collective, owner: User, webhook_id: int, delivery_id: int
) -> HttpResponse:
    """Send a message of the log again."""
    shown = _webhook_or_404(collective, webhook_id)
    delivery = WebhookDelivery.objects.filter(webhook=shown, pk=delivery_id).first()
    if delivery is None:
        raise Http404("There is nothing of yours here.")
    delivery.webhook = shown
    try:
        send_delivery_again(delivery, by=owner, now=timezone.now())
    except Refused as refused:
        return _log_page(request, collective, shown, refusal=explain(refused))
    messages.success(request, gettext("The message is on its way again."))
    return redirect("webhook", slug=collective.slug, webhook_id=shown.pk)


def _webhook_or_404(collective: Collective, webhook_id: int) -> Webhook:
    found: Webhook | None = collective.webhooks.filter(pk=webhook_id).first()
    if found is None:
        raise Http404("There is nothing of yours here.")
    found.collective = collective
    return found


def _log_page(request: HttpRequest, collective: Collective, shown: Webhook, *, refusal: str = "") -> HttpResponse:
    context = {
        "collective": collective,
        "owns": True,
        "webhook": shown,
        "log": queries.log_of(shown),
        "refusal": refusal,
        "zone": collective.zone(),
    }
    return render(request, "letters/webhooks/webhook.html", context, status=409 if refusal else 200)
