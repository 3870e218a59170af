"""Previews of the letter: a page of its own, and the one beside the editor. Both are the page that readers will get."""

import re
from copy import copy

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import format_html
from django.views.decorators.clickjacking import xframe_options_sameorigin

from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, Picture, Translation, User
from letters.organizer.letter_editor import queries
from letters.organizer.letter_editor.queries import Manuscript
from letters.organizer.letter_editor.views.common import language_or_404
from letters.shared.inert_previews import FRAMED, INERT, WORKING_LINK_IN_FRAME, inert
from letters.shared.languages import direction, interface_language, language_name
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.too_complex import SENTENCES

# Links that work in a preview: those in the letter's own text (only they have this value), and those between its pages.
WORKING_LINK = re.compile(r"\bnofollow\b|\bhref=\"(\?|#|/organize/)")
MAX_LINE_LENGTH = 200

# For pages that show the preview beside the text.
with_live_preview = csp_update({"frame-src": [SELF]})


@csp_replace(INERT)
@of_own_letter("GET", "HEAD")
def preview(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Show the letter as the public will see it."""
    manuscript = queries.manuscript(letter)
    asked = request.GET.get("language", "")
    language = asked if asked in manuscript.texts else letter.language
    return HttpResponse(_page(manuscript, manuscript.texts[language]))


@xframe_options_sameorigin
@csp_replace(FRAMED)
@of_own_letter("GET", "HEAD", "POST")
def framed_preview(request: HttpRequest, letter: Letter, writer: User, language: str) -> HttpResponse:
    """Show the preview beside the editor: the stored text, or the typed text without storing it."""
    manuscript = queries.manuscript(letter)
    language_or_404(manuscript, language)
    text = manuscript.texts.get(language) or Translation(revision=manuscript.revision, language=language)
    if request.method == "POST":
        text = _as_typed(request, text)
    return HttpResponse(_page(manuscript, text, framed=True))


def _as_typed(request: HttpRequest, text: Translation) -> Translation:
    typed = copy(text)
    typed.title, typed.addressee = (request.POST.get(name, "")[:MAX_LINE_LENGTH] for name in ("title", "addressee"))
    try:
        typed.html = render_markdown(request.POST.get("body", ""))
    except TooComplicated as problem:
        typed.html = format_html('<p class="error">{}</p>', SENTENCES[problem.code])
    return typed


def _page(manuscript: Manuscript, text: Translation, *, framed: bool = False) -> str:
    """Render the public template with a text that is not public. Nothing of it is stored."""
    letter = copy(manuscript.letter)
    letter.published_at = letter.published_at or letter.publish_at or timezone.now()
    context = {
        **_urls(letter, text.language),
        "letter": letter,
        "text": text,
        "language": text.language,
        "direction": direction(text.language),
        "languages": _languages(manuscript) if len(manuscript.texts) > 1 else [],
        "cover": Picture.above(manuscript.revision),
        "refusal": "",
        "framed": framed,
        "spoken": translation.get_language(),
    }
    with translation.override(interface_language(text.language)):
        html = render_to_string("letters/letter_editor/preview.html", context)
    return inert(html, WORKING_LINK_IN_FRAME if framed else WORKING_LINK)


def _urls(letter: Letter, language: str) -> dict[str, str]:
    names = ("letter", "signatures", "updates", "history", "link")
    return {f"{name}_url": letter.url_of(name, language) for name in names}


def _languages(manuscript: Manuscript) -> list[dict[str, str]]:
    codes = [each.code for each in manuscript.languages]
    return [{"code": code, "name": language_name(code), "url": f"?language={code}"} for code in codes]
