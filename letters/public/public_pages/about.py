"""The pages about the site itself: what it is, how it counts, and what it keeps."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from letters.public.public_pages.pages import Page, public_page


def page_about(name: str) -> Callable[..., HttpResponseBase]:
    """Return the view of one of these pages. `name` is its name in urls.py, and that of its template."""

    @public_page
    def view(request: HttpRequest, language: str = settings.LANGUAGE_CODE) -> Page:
        if language not in dict(settings.LANGUAGES):
            raise Http404
        context = {
            "language": language,
            "languages": settings.LANGUAGES,
            "page": name,
            "days": settings.CONFIRMATION_DAYS,
        }
        template = f"letters/public_pages/{name.replace('-', '_')}.html"
        return Page((name, language), lambda: render(request, template, context))

    return view
