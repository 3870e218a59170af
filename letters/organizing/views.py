"""An organizer's pages: start a letter, write it, look at it as the public will, publish it, and what comes after."""

from contextlib import suppress
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from letters.accounts.guards import for_organizers, of_own_letter
from letters.delivering.queries import undelivered
from letters.models import Letter, User
from letters.organizing import queries
from letters.organizing.forms import SettingsForm, StartForm, TextForm, WithdrawForm
from letters.organizing.operations import (
    close_letter,
    is_cleared,
    publish_letter,
    reopen_letter,
    set_up_letter,
    start_letter,
    withdraw_letter,
    write_text,
)
from letters.shared.languages import direction
from letters.shared.refusal import Refused
from letters.shared.text import render_markdown

# The text has been saved, but cannot be published for now.
NOT_YET = {
    "not_cleared": _(
        "Saved, and not published yet. The people who run this site look at each new collective before its first "
        "letter goes out, and they have still to look at yours. Please come back later and press the button again."
    ),
    "too_many_letters": _(
        "Saved, and not published yet. One account can publish five letters within a day. Please come back tomorrow "
        "and press the button again."
    ),
}


@require_safe
@never_cache
@for_organizers
def letters(request: HttpRequest) -> HttpResponse:
    """The letters of one's collectives."""
    return render(
        request, "letters/organizing/letters.html", {"letters": queries.letters_of(cast("User", request.user))}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def start(request: HttpRequest) -> HttpResponse:
    """From nothing to a draft: to whom, what, and who writes. All else has a good default."""
    by = cast("User", request.user)
    form = StartForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        name = form.cleaned_data["collective"]
        letter = start_letter(text=form.text(), collective_name=name, by=by, now=timezone.now())
        return redirect("edit_letter", slug=letter.slug)
    collectives = queries.collectives_of(by)
    if collectives and not form.is_bound:
        form.initial["collective"] = collectives[0].name
    context = {"form": form, "collectives": collectives}
    return render(request, "letters/organizing/start.html", context, status=422 if form.errors else 200)


@of_own_letter("GET", "HEAD", "POST")
def edit(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """The text, as long as it is a draft; and what can be done with the letter."""
    text = queries.newest_text(letter)
    form = TextForm(request.POST if request.method == "POST" else None, text=text)
    refusal = ""
    if form.is_valid():
        try:
            typed = form.text(letter.language)
            write_text(letter, text=typed, seen=request.POST.get("seen", ""), by=writer, now=timezone.now())
            if request.POST.get("action") == "publish":
                # With what was typed last: nobody publishes a text that is older than the one before their eyes.
                publish_letter(letter, by=writer, now=timezone.now())
            else:
                messages.success(request, gettext("Saved."))
            return redirect("edit_letter", slug=letter.slug)
        except Refused as refused:
            # Both texts are shown: what was typed stays in the form, what a teammate wrote stands beside it.
            refusal = refused.code
            if refusal in NOT_YET:
                messages.warning(request, NOT_YET[refusal])
                return redirect("edit_letter", slug=letter.slug)
    context = {
        "letter": letter,
        "text": text,
        "form": form,
        "refusal": refusal,
        "withdraw": WithdrawForm(),
        "undelivered": undelivered(letter),
        "must_be_cleared": settings.CLEAR_COLLECTIVES_FIRST and not is_cleared(letter.collective),
        "public_url": letter.get_absolute_url(),
    }
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "letters/organizing/edit.html", context, status=status)


@of_own_letter("GET", "HEAD")
def preview(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """The letter as the public will read it."""
    text = queries.newest_text(letter)
    context = {"letter": letter, "text": text, "language": text.language, "direction": direction(text.language)}
    return render(request, "letters/organizing/preview.html", context)


@require_POST
@for_organizers
def live_preview(request: HttpRequest) -> JsonResponse:
    """What the text in the editor looks like, by the renderer of the public page."""
    return JsonResponse({"html": render_markdown(request.POST.get("body", "")[:100_000])})


@of_own_letter("GET", "HEAD", "POST")
def set_up(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """What the signing form asks, who may sign, and until when."""
    form = SettingsForm(letter, request.POST if request.method == "POST" else None)
    if form.is_valid():
        set_up_letter(letter, values=form.cleaned_data, by=writer, now=timezone.now())
        messages.success(request, gettext("Saved."))
        return redirect("set_up_letter", slug=letter.slug)
    return render(
        request, "letters/organizing/set_up.html", {"letter": letter, "form": form}, status=422 if form.errors else 200
    )


@of_own_letter("POST")
def move(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Close it, or open it again, or publish it whose text is fixed: one button each."""
    deeds = {"close": close_letter, "reopen": reopen_letter, "publish": publish_letter}
    deed = deeds.get(request.POST.get("action", ""))
    if deed is None:
        raise Http404("There is nothing of that name to do.")
    with suppress(Refused):  # Withdrawn in another window: the page says so.
        deed(letter, by=writer, now=timezone.now())
    return redirect("edit_letter", slug=letter.slug)


@of_own_letter("POST")
def withdraw(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Takes the letter back, for good, and says why."""
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        context = {"letter": letter, "withdraw": form, "text": queries.newest_text(letter)}
        return render(request, "letters/organizing/withdraw.html", context, status=422)
    withdraw_letter(letter, reason=form.cleaned_data["reason"], by=writer, now=timezone.now())
    return redirect("edit_letter", slug=letter.slug)
