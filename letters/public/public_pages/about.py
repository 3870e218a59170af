"""The pages about the site itself: what it is, how it counts, and those by the people who run it."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import translation

from letters.base.site_pages.placeholders import MEANINGS, fill_in
from letters.base.site_pages.queries import draft_of, filled_pages, text_for
from letters.models import SitePage
from letters.public.public_pages.pages import Page, public_page
from letters.public.public_pages.queries import public_error_rate
from letters.shared.markdown import render_markdown

HOW_WE_COUNT = "how-we-count"


def page_about(name: str) -> Callable[..., HttpResponseBase]:
    """Return the view of one of these pages. `name` is the name of its URL in urls.py, and of its template."""

    @public_page
    def view(request: HttpRequest, language: str = settings.LANGUAGE_CODE) -> Page:
        if language not in dict(settings.LANGUAGES):
            raise Http404
        rate = public_error_rate() if name == HOW_WE_COUNT else None
        has_stamps = bool(settings.TIMESTAMP_AUTHORITY)
        languages = {"language": language, "languages": settings.LANGUAGES}
        context = {**languages, "page": name, "rate": rate, "has_stamps": has_stamps}
        template = f"letters/public_pages/{name.replace('-', '_')}.html"
        numbers = (rate.checked, rate.wrong) if rate else ()
        return Page((name, language, has_stamps, *numbers), lambda: render(request, template, context))

    return view


def page_by_operator(name: SitePage.Name) -> Callable[..., HttpResponseBase]:
    """Return the view of one of the pages that the people who run the site write in the admin."""

    @public_page
    def view(request: HttpRequest, language: str = settings.LANGUAGE_CODE) -> Page:
        if language not in dict(settings.LANGUAGES) or name not in filled_pages():
            raise Http404
        page = text_for(name, language)
        number = page.number if page else 0
        return Page((name, language, number, *_facts()), lambda: _show(request, name, language, page))

    return view


def _facts() -> list[str]:
    """Return the values of the placeholders. The page depends on them too, because settings can change."""
    return [meaning() for meaning in MEANINGS.values()]


def _show(request: HttpRequest, name: SitePage.Name, language: str, page: SitePage | None) -> HttpResponseBase:
    spoken = page.language if page else language
    markdown = page.markdown if page else draft_of(name, language, for_operator=False)
    with translation.override(spoken):
        html = render_markdown(fill_in(markdown))
    context = {
        "language": language,
        "languages": settings.LANGUAGES,
        "page": name.value,
        "title": name.label,
        "is_draft": page is None,
        "saved_at": page.saved_at if page else None,
        "spoken": spoken,
        "html": html,
    }
    return render(request, "letters/public_pages/site_page.html", context)
