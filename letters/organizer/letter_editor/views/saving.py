"""Requests by the editor's script: autosave, and a preview while typing."""

from django.http import HttpRequest, JsonResponse
from django.utils.html import escape
from django.views.decorators.http import require_POST

from letters.base.accounts.guards import for_organizers, of_own_letter
from letters.models import Letter, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.forms import TextForm
from letters.organizer.letter_editor.operations import write_text
from letters.organizer.letter_editor.views.common import language_or_404, writer_saw
from letters.shared.explaining import sentence
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refused import Refusal, Refused
from letters.shared.too_complex import SENTENCES as SENTENCES_OF_TEXTS

# Refusals whose cause is neither another member nor a publication. The editor shows their sentence.
NO_ROOM = (Refusal.TOO_MANY_LANGUAGES, Refusal.TOO_MUCH_TEXT)


@of_own_letter("POST")
def save_text(request: HttpRequest, letter: Letter, writer: User, language: str) -> JsonResponse:
    """Autosave. Returns the version that is stored now, or the text that another member has saved since."""
    language_or_404(queries.manuscript(letter), language)
    form = TextForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"problem": next(iter(form.errors.values()))[0]}, status=422)
    try:
        text = write_text(letter, text=form.text(language), finished=False, **writer_saw(request, writer))
    except Refused as refused:
        if refused.code in NO_ROOM:
            return JsonResponse({"problem": sentence(refused.code)}, status=422)
        theirs = queries.manuscript(letter).texts.get(language)
        words = {
            name: getattr(theirs, name, "") for name in ("version", "title", "addressee", "summary", "body", "html")
        }
        return JsonResponse({"problem": refused.code, **words}, status=409)
    return JsonResponse({"version": text.version})


@require_POST
@for_organizers
def live_preview(request: HttpRequest) -> JsonResponse:
    """Render the text in the editor as the public page would."""
    try:
        html = render_markdown(request.POST.get("body", ""))
    except TooComplicated as problem:
        html = f'<p class="error">{escape(SENTENCES_OF_TEXTS[problem.code])}</p>'
    return JsonResponse({"html": html})
