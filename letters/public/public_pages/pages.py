"""Decorators and classes that every public page shares: letter or 404, language redirect, ETag, 304 and headers.

A view returns what its page depends on, found with a few small queries, and a function that renders the page. The
function is called only if the client does not have the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, wraps

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from letters.base.public_letters.pages import about_letter, text_or_404
from letters.models import Letter, Revision, TakeDown, Translation, current_takedown
from letters.public.public_pages import queries
from letters.public.public_pages.caching import page_etag, publish, unchanged, unchanged_for_reader
from letters.public.public_pages.feed import feed_of_taken_down
from letters.shared.for_anyone import ANYONE
from letters.shared.languages import direction, interface_language, language_name

Context = Mapping[str, object]


@dataclass(frozen=True)
class Page:
    """A page that is not rendered yet: the values that its ETag depends on, and a function that renders it."""

    depends_on: tuple[object, ...]
    # Called only if the client does not have the page. Only a response with status 200 is published.
    make: Callable[[], HttpResponseBase]
    # Whether the page is too long to keep in memory, so that the reader's own If-None-Match decides: see caching.py.
    is_long: bool = False
    # Replaces the ETag that is calculated from `depends_on`, for a file whose bytes are known.
    etag: str = ""
    # Replaces the Cache-Control header that other public pages have.
    cache_control: str = ""
    # Whether search engines are asked to leave this page out.
    is_unlisted: bool = False

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        etag = self.etag or page_etag(*self.depends_on, *(["unlisted"] if self.is_unlisted else []))
        not_modified = (unchanged_for_reader if self.is_long else unchanged)(request, etag)
        response = not_modified or self.make()
        if response.status_code in {200, 206}:
            publish(response, etag)
        if self.cache_control and response.status_code in {200, 206, 304}:
            response.headers["Cache-Control"] = self.cache_control
        if self.is_unlisted:
            response.headers["X-Robots-Tag"] = "noindex"
        return response


View = Callable[..., HttpResponseBase]


def public_page(view: Callable[..., Page | HttpResponseBase]) -> View:
    """Decorate a view of a page for everyone, with GET and HEAD only. It returns a Page, or a response to send as is.

    The view is exempt from Django's CSRF check so that other methods get a 405, not a 403. No public page changes
    anything.
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
    # The page's name in urls.py, and the arguments in its URL besides slug and language.
    name: str
    url_kwargs: Mapping[str, int] = field(default_factory=dict)

    def url_in(self, language: str) -> str:
        """Return the URL of this page in one of the letter's languages."""
        return self.letter.url_of(self.name, language, **self.url_kwargs)

    def url_of(self, name: str, **kwargs: int) -> str:
        """Return the URL of another page of the letter, in the language of this one."""
        return self.letter.url_of(name, self.language, **kwargs)

    def page(self, *depends_on: object, context: Callable[[], Context], template: str = "") -> Page:
        """Return a page that renders its own template; `context` is called only when it is needed."""
        return Page((self.name, *depends_on, self.language), lambda: self.render(template or self.name, context()))

    def of_version(self, *more: object, context: Callable[[], Context]) -> Page:
        """Return the same for a page that changes with every version of the letter."""
        return self.page(self.letter.pk, self.letter.version, *more, context=context)

    def render(self, template: str, context: Context) -> HttpResponse:
        """Render a template in the letter's language if the interface has it, otherwise in the default language."""
        with translation.override(interface_language(self.language)):
            response = render(self.request, f"letters/public_pages/{template}.html", context)
        response.headers["Content-Language"] = self.language
        return response

    def atom(self, write: Callable[[], str]) -> HttpResponse:
        """Return a feed as Atom (RFC 4287), in the language in which `render` would render a page."""
        with translation.override(interface_language(self.language)):
            response = HttpResponse(write(), content_type=Atom1Feed.content_type)
        response.headers["Content-Language"] = self.language
        return response

    def listed_if_allowed(self, page: Page | HttpResponseBase) -> Page | HttpResponseBase:
        """Return the same page; ask search engines to leave it out if they may not list this page of the letter."""
        if isinstance(page, Page) and not self.letter.may_be_indexed(self.name):
            return replace(page, is_unlisted=True)
        return page

    def context(self, revision: Revision | None = None) -> dict[str, object]:
        """Return the context that all pages of a letter share, with the text of `revision` or the current text."""
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
        return text_or_404(self.letter, self.language, revision)


def letter_page(name: str) -> Callable[[Callable[..., Page | HttpResponseBase]], View]:
    """Decorate a view of one letter's page: find the letter or answer 404, and redirect a needless language prefix.

    `name` is the page's name in urls.py. The view gets a `Visit` and the other arguments in the URL. It is not called
    for a letter that the site has taken down, so that no page of the letter can stay public by mistake.
    """

    def decorate(view: Callable[..., Page | HttpResponseBase]) -> View:
        @public_page
        @about_letter(name, find=queries.public_letter)
        @wraps(view)
        def visited(request: HttpRequest, letter: Letter, language: str, **url_kwargs: int) -> Page | HttpResponseBase:
            visit = Visit(request, letter, language, name, url_kwargs)
            if letter.status == Letter.Status.TAKEN_DOWN:
                return answer_taken_down(visit)
            return visit.listed_if_allowed(view(visit, **url_kwargs))

        return visited

    return decorate


def answer_taken_down(visit: Visit) -> Page | HttpResponseBase:
    """Answer for a letter that the site has taken down: say when and why, and show no text, name or number of it.

    Its own page and its feed have status 200, so that they are kept in memory and feed readers keep asking. Everything
    else is gone (410).
    """
    letter, takedown = visit.letter, current_takedown(visit.letter)
    if takedown is None or visit.language not in letter.languages():
        raise Http404("There is no letter here.")
    context = partial(_taken_down_context, visit, takedown)
    if visit.name == "letter":
        return visit.page("taken_down", letter.pk, letter.version, context=context, template="taken_down")
    if visit.name == "feed":
        make = partial(visit.atom, partial(feed_of_taken_down, letter, takedown, visit.language))
        return Page(("feed of taken down", letter.pk, letter.version, visit.language), make)
    if visit.name == "count":
        day = letter.day_of(takedown.taken_down_at)
        gone: HttpResponse = JsonResponse({"taken_down_on": day}, status=410, headers=ANYONE)
    else:
        gone = visit.render("taken_down", context())
        gone.status_code = 410
    gone.headers["Cache-Control"] = "no-store"
    return gone


def _taken_down_context(visit: Visit, takedown: TakeDown) -> Context:
    pages = [(code, visit.letter.get_absolute_url(code)) for code in visit.letter.languages()]
    languages = [{"code": code, "name": language_name(code), "url": url} for code, url in pages]
    return {
        "letter": visit.letter,
        "takedown": takedown,
        "zone": visit.letter.zone(),
        "language": visit.language,
        "languages": languages if len(languages) > 1 else [],
        "link_url": visit.url_of("link"),
    }
