"""Organizers list the copies of a letter that others keep."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, User
from letters.organizer.mirrors import queries
from letters.organizer.mirrors.forms import MirrorForm
from letters.organizer.mirrors.operations import add_mirror, remove_mirror
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD", "POST")
def mirrors(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the copies elsewhere with what we found there, and add one."""
    form = MirrorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            add_mirror(letter, url=form.cleaned_data["url"], by=writer, now=timezone.now())
            messages.success(request, gettext("The copy is listed. We look at it within a few minutes."))
            return redirect("letter_mirrors", slug=letter.slug)
        except Refused as refused:
            add_refusal(form, refused)
    context = {
        "letter": letter,
        "mirrors": queries.mirrors_of(letter),
        "public_url": letter.url_of("mirrors"),
        "form": form,
    }
    return render(request, "letters/mirrors/mirrors.html", context, status=422 if form.errors else 200)


@of_own_letter("POST")
def remove(request: HttpRequest, letter: Letter, writer: User, mirror_id: int) -> HttpResponse:
    remove_mirror(letter, mirror_id, by=writer, now=timezone.now())
    messages.success(request, gettext("The copy is no longer listed."))
    return redirect("letter_mirrors", slug=letter.slug)
