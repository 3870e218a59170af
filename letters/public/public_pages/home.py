"""The home page: all open letters, those of one collective, or one letter, as the people who run the site have set."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from letters.base.switches.queries import is_on
from letters.models import Collective, Letter, Switch
from letters.public.public_pages import queries
from letters.public.public_pages.pages import Page, Visit, public_page
from letters.public.public_pages.views import show_letter


@public_page
def home(request: HttpRequest, language: str = "") -> Page | HttpResponseBase:
    """List the letters that can be signed now, or those of one collective, or show one letter (HOME_PAGE)."""
    kind, slug = settings.HOME_PAGE
    if kind == "letter" and (visit := _visit_of_letter(request, slug, language)):
        return visit.listed_if_allowed(show_letter(visit))
    language = language or settings.LANGUAGE_CODE
    if language not in dict(settings.LANGUAGES):
        raise Http404
    collective = Collective.objects.filter(slug=slug).first() if kind == "collective" else None
    letters = queries.open_letters(timezone.now(), language, collective=collective)
    paused = not is_on(Switch.Name.TAKE_SIGNATURES)
    versions = [(entry.letter.pk, entry.letter.version) for entry in letters]
    context = {
        "letters": letters,
        "collective": collective,
        "language": language,
        "languages": settings.LANGUAGES,
        "paused": paused,
    }
    return Page(
        ("home", language, paused, collective and collective.name, *versions),
        lambda: render(request, "letters/public_pages/home.html", context),
    )


def _visit_of_letter(request: HttpRequest, slug: str, language: str) -> Visit | None:
    """Return a visit of the letter's own page, in its own language or another one that it has.

    Return None while there is nothing to read: the letter is a draft, taken down or deleted. So the home page of a site
    is never an error, and tells nobody whether there is a draft.
    """
    try:
        letter = queries.public_letter(slug)
    except Letter.DoesNotExist:
        # Its organizers may have changed its slug.
        current = queries.current_slug(slug, None)
        return _visit_of_letter(request, current, language) if current else None
    if letter.status == Letter.Status.TAKEN_DOWN or (language and language not in letter.languages()):
        return None
    return Visit(request, letter, language or letter.language, "letter")
