"""The settings and the web address of a letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import (
    AddressForm,
    SettingsForm,
)
from letters.organizer.letter_editor.operations import (
    readdress_letter,
    set_up_letter,
)
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD", "POST")
def set_up(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Change what the signing form asks, who may sign, and until when."""
    posted = request.POST if request.method == "POST" else None
    form = SettingsForm(letter, posted, zone=letter.zone())
    if form.is_valid():
        try:
            set_up_letter(letter, values=form.cleaned_data, by=writer, now=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("set_up_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    return render(
        request,
        "letters/letter_editor/set_up.html",
        {"letter": letter, "form": form},
        status=422 if form.errors else 200,
    )


@of_own_letter("GET", "HEAD", "POST")
def readdress(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Change the slug of the letter. The old one redirects."""
    form = AddressForm(letter, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            readdress_letter(letter, slug=form.cleaned_data["slug"], by=writer, now=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("readdress_letter", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"letter": letter, "form": form, "old": queries.former_slugs(letter)}
    return render(request, "letters/letter_editor/address.html", context, status=422 if form.errors else 200)
