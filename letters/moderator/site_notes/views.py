"""The page with the private notes about a letter and its collective."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import of_site
from letters.base.public_letters.pages import letter_or_404
from letters.models import Collective, Letter, SiteNote, User
from letters.moderator.site_notes.forms import NoteForm, WordsForm
from letters.moderator.site_notes.operations import delete_note, write_note
from letters.moderator.site_notes.queries import named_by, notes_about
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def notes(request: HttpRequest, moderator: User, slug: str) -> HttpResponse:
    """Show the notes about a letter and its collective, and write or delete one."""
    letter = letter_or_404(slug)
    form = NoteForm(request.POST if request.method == "POST" else None)
    back = {"back_url": reverse("site_letter", args=[slug]), "back": letter.newest_title()}
    about = letter.collective if request.POST.get("about") == "collective" else letter
    return _page(request, moderator, about, form, {**back, "letter": letter})


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def notes_of_one(request: HttpRequest, moderator: User, handle: str) -> HttpResponse:
    """Do the same for an account or a collective, which the admin names."""
    about = named_by(handle)
    if about is None:
        raise Http404("There is nothing here.")
    form = WordsForm(request.POST if request.method == "POST" else None)
    back = {"back_url": reverse("site_letters"), "back": _("Letters on this site"), "shown_about": str(about.name)}
    return _page(request, moderator, about, form, back)


def _page(
    request: HttpRequest, moderator: User, about: Letter | Collective | User, form: WordsForm, more: dict[str, Any]
) -> HttpResponse:
    # A letter's page also shows the notes about its collective.
    now, shown = timezone.now(), notes_about(more.get("letter", about))
    if "delete" in request.POST:
        return _delete(request, moderator, shown)
    if form.is_valid():
        try:
            write_note(about, words=form.cleaned_data["words"], by=moderator, now=now)
            messages.success(request, _("The note is saved."))
            return redirect(request.path)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"notes": shown, "moderator": moderator, "form": form, **more}
    return render(request, "letters/site_notes/notes.html", context, status=422 if form.errors else 200)


def _delete(request: HttpRequest, moderator: User, shown: list[SiteNote]) -> HttpResponse:
    """Delete one of the notes on this page. For anyone but its author, there is no such button."""
    for note in shown:
        if str(note.pk) == request.POST["delete"]:
            delete_note(note, by=moderator, now=timezone.now())
            messages.success(request, _("The note is deleted."))
    return redirect(request.path)
