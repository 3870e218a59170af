"""The languages of a letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import TextForm
from letters.organizer.letter_editor.operations import (
    remove_translation,
    write_text,
)
from letters.organizer.letter_editor.views.common import language_or_404, not_saved, writer_saw
from letters.organizer.letter_editor.views.previewing import with_live_preview
from letters.shared.explaining import explain
from letters.shared.languages import is_language, language_groups
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD")
def translations(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """List the languages of the letter and the state of each, and offer to add another."""
    manuscript = queries.manuscript(letter)
    wanted = request.GET.get("language", "")
    if is_language(wanted) and wanted not in manuscript.texts:
        return redirect("translate_letter", slug=letter.slug, language=wanted)
    accepted = request.headers.get("Accept-Language", "")
    groups = language_groups(get_language() or "", accepted=accepted, without=manuscript.texts)
    context = {"letter": letter, "manuscript": manuscript, "groups": groups}
    return render(request, "letters/letter_editor/translations.html", context)


@with_live_preview
@of_own_letter("GET", "HEAD", "POST")
def translate(request: HttpRequest, letter: Letter, writer: User, language: str) -> HttpResponse:
    """Edit a translation beside the original."""
    if language == letter.language:
        return redirect("edit_letter", slug=letter.slug)
    manuscript = queries.manuscript(letter)
    translation = language_or_404(manuscript, language)
    form = TextForm(request.POST if request.method == "POST" else None, text=translation.text, language=language)
    refused = None
    if form.is_valid():
        try:
            write_text(letter, text=form.text(language), **writer_saw(request, writer))
            messages.success(request, gettext("Saved."))
            return redirect("translate_letter", slug=letter.slug, language=language)
        except Refused as problem:
            refused, manuscript = problem, queries.manuscript(letter)
            translation = manuscript.language(language)
    context = {
        "letter": letter,
        "manuscript": manuscript,
        "original": manuscript.language(letter.language),
        "language": translation,
        "text": translation.text,
        "form": form,
        **not_saved(refused, manuscript),
    }
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "letters/letter_editor/translate.html", context, status=status)


@of_own_letter("POST")
def drop_translation(request: HttpRequest, letter: Letter, writer: User, language: str) -> HttpResponse:
    """Delete a translation that readers do not have yet."""
    try:
        remove_translation(letter, language=language, by=writer, now=timezone.now())
    except Refused as refused:
        messages.error(request, explain(refused))
    return redirect("letter_translations", slug=letter.slug)
