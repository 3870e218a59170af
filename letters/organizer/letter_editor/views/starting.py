"""The organizer's list of letters, and the page that starts one."""

import re
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from letters.base.accounts.beginning import address_form, admit_text, can_sign_up, sign_up
from letters.base.accounts.guards import for_organizers, whole_or_not_at_all
from letters.base.accounts.queries import verified_addresses
from letters.models import User
from letters.organizer.collectives.queries import asks_for_name, invitations_for
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import FirstStartForm, StartForm
from letters.organizer.letter_editor.operations import start_letter
from letters.shared.addresses import canonical, hash_address
from letters.shared.explaining import add_refusal
from letters.shared.languages import is_language
from letters.shared.refused import Refused

# Session key: what a person without an account wrote on the start page.
BEGUN = "begun_letter"
# Key in that value: the keyed hash of the address that the person typed.
ADDRESS = "address"
# Full disk: the session of someone who has not confirmed their address keeps the text for this many seconds.
BEGUN_FOR = 2 * 60 * 60
ORDERS = {"newest": _("Newest"), "title": _("Title"), "signatures": _("Signatures")}


@require_safe
@never_cache
@for_organizers
def letters(request: HttpRequest) -> HttpResponse:
    """List the letters of the person's collectives."""
    asked = request.GET.get("order", "")
    order = asked if asked in queries.ORDERS else "newest"
    person, now = cast("User", request.user), timezone.now()
    context = {
        "letters": queries.letters_of(person, order),
        "deleted": queries.binned_draft(person, request.GET.get("deleted", "")),
        "order": order,
        "orders": ORDERS.items(),
        "invitations": invitations_for(person, now=now),
        "offers": queries.offers_to(person, now),
        "asks_for_name": asks_for_name(person, now=now),
    }
    return render(request, "letters/letter_editor/letters.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def start(request: HttpRequest) -> HttpResponseBase:
    """Ask for addressee, text, and who publishes it. People without an account write first, and create one with it."""
    return _start_draft(request) if request.user.is_authenticated else _start_without_account(request)


@for_organizers
def _start_draft(request: HttpRequest) -> HttpResponse:
    by = cast("User", request.user)
    form = StartForm(request.POST if request.method == "POST" else None, **_languages_of(request))
    if form.is_valid():
        name = form.cleaned_data["collective"]
        try:
            letter = start_letter(text=form.text(), collective_name=name, by=by, now=timezone.now())
            request.session.pop(BEGUN, None)
            return redirect("edit_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    collectives = queries.collectives_of(by)
    if collectives:
        form.initial["collective"] = collectives[0].name
    form.initial.update(_begun_by(by, request))
    return _start_page(request, form, collectives=collectives)


def _begun_by(person: User, request: HttpRequest) -> dict[str, str]:
    """Return what this person wrote in this browser before they had an account, or before they signed in.

    Privacy: someone else who signs in here does not get it, only whoever has confirmed the address that was typed.
    """
    begun: dict[str, str] = dict(request.session.get(BEGUN, {}))
    if begun.pop(ADDRESS, "") in [_mark(email) for email in verified_addresses(person)]:
        return begun
    request.session.pop(BEGUN, None)
    return {}


def _mark(email: str) -> str:
    return hash_address(canonical(email)).hex()


@whole_or_not_at_all
def _start_without_account(request: HttpRequest) -> HttpResponseBase:
    """Keep the text in the session, and send a code. Nothing becomes a draft before the address is confirmed."""
    if not can_sign_up(request):
        return render(request, "account/signup_closed.html", status=403)
    posted = request.POST if request.method == "POST" else None
    if posted is not None:
        admit_text(request)
    form = FirstStartForm(posted, **_languages_of(request))
    account = address_form(posted if form.is_valid() else None, typed=request.POST.get("email", "")[:254])
    if form.is_valid() and account.is_valid():
        request.session[BEGUN] = {**form.cleaned_data, ADDRESS: _mark(account.cleaned_data["email"])}
        request.session.set_expiry(BEGUN_FOR)
        return sign_up(request, account, way_on=reverse("start_letter"))
    return _start_page(request, form, account=account)


def _start_page(request: HttpRequest, form: StartForm, account: Any = None, **more: object) -> HttpResponse:
    status = 422 if form.errors or (account and account.errors) else 200
    context = {"form": form, "account": account, **more}
    return render(request, "letters/letter_editor/start.html", context, status=status)


def _languages_of(request: HttpRequest) -> dict[str, str]:
    """Return the languages that the browser accepts, and the first one without its region: probably the letter's."""
    accepted = request.headers.get("Accept-Language", "")
    code = re.match("[a-z]{2,3}", accepted.lower())
    return {"accepted": accepted, "language": code[0] if code and is_language(code[0]) else settings.LANGUAGE_CODE}
