"""How a public page is answered: the letter or 404, the language redirect, ETag, 304, the language and the headers.

A view does two things: it says what its page depends on, from few and small queries, and how to make the page. The page
is made only for somebody who does not have it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from letters.models import Letter, Revision, Translation
from letters.public.public_pages import queries
from letters.public.public_pages.caching import page_etag, publish, unchanged, unchanged_for_visitor
from letters.shared.languages import direction, interface_language, language_name

Context = Mapping[str, object]


@dataclass(frozen=True)
class Page:
    """What the ETag of a page is computed from, and how to make the page."""

    depends_on: tuple[object, ...]
    # Called only for somebody who does not have the page. An answer other than 200 is not published.
    make: Callable[[], HttpResponseBase]
    # Too long for the memory of the process, so the reader's own condition decides: see caching.py.
    is_long: bool = False
    # Instead of the time for which other pages may be kept.
    cache_control: str = ""

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        etag = page_etag(*self.depends_on)
        not_modified = (unchanged_for_visitor if self.is_long else unchanged)(request, etag)
        response = not_modified or self.make()
        if response.status_code == 200:
            publish(response, etag)
        if self.cache_control and response.status_code in {200, 304}:
            response.headers["Cache-Control"] = self.cache_control
        return response


View = Callable[..., HttpResponseBase]


def public_page(view: Callable[..., Page | HttpResponseBase]) -> View:
    """A page for everybody: only GET and HEAD. A response that the view made itself is sent as it is.

    It is exempt from Django's CSRF check only so that a wrong method is told so (405): no public page changes anything.
    """

    @require_safe
    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: str | int) -> HttpResponseBase:
        page = view(request, **kwargs)
        return page.answer(request) if isinstance(page, Page) else page

    return answer


@dataclass(frozen=True)
class Visit:
    """One request for a page of a letter, in one language of that letter."""

    request: HttpRequest
    letter: Letter
    language: str
    # The page's name in urls.py, and what stands in its URL besides slug and language.
    name: str
    in_url: Mapping[str, int] = field(default_factory=dict)

    def url_in(self, language: str) -> str:
        """This page in one of the letter's languages."""
        return self.letter.url_of(self.name, language, **self.in_url)

    def url_of(self, name: str, **kwargs: int) -> str:
        """Another page of the letter, in the language of this one."""
        return self.letter.url_of(name, self.language, **kwargs)

    def page(self, *depends_on: object, context: Callable[[], Context]) -> Page:
        """The page that its template makes of a context."""
        return Page((self.name, *depends_on, self.language), lambda: self.render(self.name, context()))

    def of_version(self, *more: object, context: Callable[[], Context]) -> Page:
        """The same for a page that changes with the letter."""
        return self.page(self.letter.pk, self.letter.version, *more, context=context)

    def render(self, template: str, context: Context) -> HttpResponse:
        """The page around a letter speaks the letter's language, if the site does."""
        with translation.override(interface_language(self.language)):
            response = render(self.request, f"letters/public_pages/{template}.html", context)
        response.headers["Content-Language"] = self.language
        return response

    def context(self, revision: Revision | None = None) -> dict[str, object]:
        """What every page of a letter knows; with the text of a `revision`, if it is not the current one."""
        text = self.text(revision)
        languages = [
            {"code": each.language, "name": language_name(each.language), "url": self.url_in(each.language)}
            for each in queries.translations(self.letter, revision)
        ]
        return {
            "letter": self.letter,
            "text": text,
            "language": self.language,
            "direction": direction(self.language),
            "languages": languages if len(languages) > 1 else [],
            "letter_url": self.url_of("letter"),
            "signatures_url": self.url_of("signatures"),
            "updates_url": self.url_of("updates"),
            "feed_url": self.url_of("feed"),
            "page_url": self.url_in(self.language),
        }

    def text(self, revision: Revision | None = None) -> Translation:
        try:
            return queries.text_of(self.letter, self.language, revision)
        except Translation.DoesNotExist as missing:
            raise Http404("The letter has not been translated into this language.") from missing


def letter_page(name: str) -> Callable[[Callable[..., Page | HttpResponseBase]], View]:
    """A page of one letter: find it or answer 404, and redirect from a prefix that its own language does not need.

    `name` is the page's name in urls.py. The view gets a `Visit`, and what else stands in the URL.
    """

    def decorate(view: Callable[..., Page | HttpResponseBase]) -> View:
        @public_page
        @wraps(view)
        def found(request: HttpRequest, slug: str, language: str = "", **in_url: int) -> Page | HttpResponseBase:
            letter = _letter_or_404(slug)
            if language == letter.language:
                return HttpResponseRedirect(letter.url_of(name, "", **in_url))
            return view(Visit(request, letter, language or letter.language, name, in_url), **in_url)

        return found

    return decorate


def _letter_or_404(slug: str) -> Letter:
    try:
        return queries.public_letter(slug)
    except Letter.DoesNotExist as missing:
        raise Http404("There is no letter here.") from missing
