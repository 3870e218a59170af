"""The page on which a person chooses their emails, and the page behind the link that switches one kind off."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import for_organizers
from letters.base.emailed_links.guards import with_a_token
from letters.models import TOPICS_OF, NotificationKind, User
from letters.organizer.notifications import queries
from letters.organizer.notifications.forms import EmailChoicesForm
from letters.organizer.notifications.operations import choose_emails, switch_off


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def choose(request: HttpRequest) -> HttpResponse:
    """List the kinds of email that this person can get, each with a checkbox."""
    person = cast("User", request.user)
    data = request.POST if request.method == "POST" else None
    form = EmailChoicesForm(queries.topics_for(person), queries.choices_of(person), data)
    if form.is_valid():
        choose_emails(person, wanted=form.wanted(), language=form.cleaned_data["language"])
        messages.success(request, gettext("Saved."))
        return redirect("emails_you_get")
    context = {"form": form, "address": person.email}
    return render(request, "letters/notifications/choose.html", context, status=422 if form.errors else 200)


# Security: an email program posts here without a cookie and without an origin (RFC 8058), so CSRF checks cannot apply.
# The token alone gives authority, and only to switch off emails.
@csrf_exempt
@with_a_token
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    """GET shows a button and changes nothing. The button, or an email program, posts List-Unsubscribe=One-Click."""
    account = queries.account_of(kind, token, now=timezone.now())
    if account is None:
        return render(request, "letters/notifications/useless_link.html", status=404)
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        switch_off(account, NotificationKind(kind))
    choices, topics = queries.choices_of(account), TOPICS_OF[NotificationKind(kind)]
    context = {"topics": [topic.label for topic in topics], "is_on": bool(choices.wanted(topics))}
    with translation.override(choices.language or translation.get_language_from_request(request)):
        return render(request, "letters/notifications/off.html", context)
