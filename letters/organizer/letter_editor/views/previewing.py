"""A preview of the letter."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, Picture, User
from letters.organizer.letter_editor import queries


@of_own_letter("GET", "HEAD")
def preview(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show the letter as the public will see it."""
    manuscript = queries.manuscript(letter)
    language = request.GET.get("language", "")
    shown = manuscript.language(language if language in manuscript.texts else letter.language)
    context = {
        "letter": letter,
        "manuscript": manuscript,
        "shown": shown,
        "text": shown.text,
        "cover": Picture.above(manuscript.revision),
    }
    return render(request, "letters/letter_editor/preview.html", context)
