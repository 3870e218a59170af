"""Public pages are the same bytes for everybody, so they are made once and handed out many times.

`publish` puts the headers on a page that tell browsers, CDN and proxies how long it is good. `PublicPageCache` obeys
the same headers inside the process: it answers from memory, and asks the view again at most every FRESH_SECONDS, with
the page's ETag, so that a page that has not changed costs one small query and no rendering.
"""

import gzip
import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags

from letters.public.public_pages import latest_versions

# A signer's name is on every page within this time, also behind a proxy or CDN that obeys our headers. It is made up of
# what the sequencer waits (GATHER_SECONDS), FRESH_SECONDS, MAX_AGE_SECONDS and the work. The documents name it.
SEEN_WITHIN_SECONDS = 3
MAX_AGE_SECONDS = 1
# No stale-while-revalidate: it would allow a cache to show what is a minute old after a quiet hour.
CACHE_CONTROL = f"public, max-age={MAX_AGE_SECONDS}, stale-if-error=300"
FRESH_SECONDS = 0.5
# With the database away, a page goes on being shown for so long (stale-if-error above).
STALE_SECONDS = 300
# After a failure the view is left alone for so long: with the database away, each question would wait for it in vain.
CIRCUIT_OPEN_SECONDS = 5
MAX_PAGES = 256
LARGEST_PAGE = 512 * 1024
# Where a request keeps its If-None-Match while the view is asked for the whole page.
VISITORS_CONDITION = "undersigned.if_none_match"


def page_etag(*parts: object) -> str:
    """The ETag of a page that depends only on `parts` and the code. Weak: compressed or not, it is the same page."""
    content = "\0".join(map(str, (*parts, code_fingerprint())))
    return f'W/"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'


def unchanged(request: HttpRequest, etag: str) -> HttpResponse | None:
    """A 304 if whoever asks has this page already; then nothing needs to be rendered."""
    response = get_conditional_response(request, etag=etag)
    return publish(response, etag) if isinstance(response, HttpResponse) else None


def unchanged_for_visitor(request: HttpRequest, etag: str) -> HttpResponse | None:
    """The same for what is too long to be kept in memory: here the visitor's own condition decides."""
    if response := unchanged(request, etag):
        return response
    has_it = etag in parse_etags(request.META.get(VISITORS_CONDITION, ""))
    return publish(HttpResponseNotModified(), etag) if has_it else None


Result = TypeVar("Result", bound=HttpResponseBase)


def publish(response: Result, etag: str) -> Result:
    """Mark a response as public: anybody may keep it, and it never depends on who asks."""
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["ETag"] = etag
    return response


@cache
def code_fingerprint() -> str:
    """Changes with every release: an old page must not be taken for the same as a new one."""
    found = hashlib.sha256()
    sources = [
        *(settings.BASE_DIR / "letters").rglob("*.py"),
        *(settings.BASE_DIR / "letters" / "templates").rglob("*.*"),
        *(settings.BASE_DIR / "letters" / "locale").rglob("*.mo"),
        *Path(settings.STATIC_ROOT).glob("*.json"),
    ]
    for path in sorted(sources):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


# Not where it is refused: "gzip;q=0".
ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


@dataclass
class _Page:
    body: bytes
    compressed: bytes
    headers: dict[str, str]
    etag: str
    checked_at: float
    # Of each letter on it: the newest version that was known when the view was last asked.
    versions: dict[int, int]
    circuit_open_until: float = 0
    # Held by the one request that asks the view again; all others get the page as it is.
    asking: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: HttpRequest) -> HttpResponse:
        wanted = request.META.get("HTTP_IF_NONE_MATCH")
        response: HttpResponse
        if wanted and self.etag in parse_etags(wanted):
            response = HttpResponseNotModified()
            response.headers["ETag"] = self.etag
            response.headers["Cache-Control"] = self.headers["Cache-Control"]
            return response
        if ACCEPTS_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            response = HttpResponse(self.compressed)
            response.headers["Content-Encoding"] = "gzip"
        else:
            response = HttpResponse(self.body)
        for name, value in self.headers.items():
            response.headers[name] = value
        return response


class PublicPageCache:
    """The first middleware: answers public pages from memory."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.pages: OrderedDict[str, _Page] = OrderedDict()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        response = self._answer(request)
        return _headers_alone(response) if request.method == "HEAD" and response.streaming else response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        for condition in ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_MODIFIED_SINCE"):
            request.META.pop(condition, None)  # Only If-None-Match is answered here.
        key = _key(request)
        page = self.pages.get(key)
        if page is None:
            return self._fetch(request, key)
        with suppress(KeyError):  # Another thread has just let it go.
            self.pages.move_to_end(key)
        now = time.monotonic()
        if now < page.circuit_open_until:
            return page.answer(request)
        is_behind = _is_behind(page)
        # Whoever would see a version older than the newest one waits. All others get the page as it is.
        if (is_behind or now - page.checked_at > FRESH_SECONDS) and page.asking.acquire(blocking=is_behind):
            try:
                return self._ask_again(request, key, self.pages.get(key, page), before=now)
            finally:
                page.asking.release()
        return page.answer(request)

    def _fetch(self, request: HttpRequest, key: str) -> HttpResponse:
        """Ask the view. What the visitor has already is compared here, so the view always gives the whole page."""
        response, versions = self._ask(request, etag=None)
        page = _page_of(response, versions)
        if page is None:
            return _conditional(request, response) if response.streaming else response
        self._keep(key, page)
        return page.answer(request)

    def _ask_again(self, request: HttpRequest, key: str, page: _Page, *, before: float) -> HttpResponse:
        if before < max(page.checked_at, page.circuit_open_until) and not _is_behind(page):
            return page.answer(request)  # Another thread has asked while this one waited for its turn.
        announced = latest_versions.newest(page.versions)
        response, versions = self._ask(request, etag=page.etag)
        # What others have announced and the view does not know (a restored backup) is not waited for twice.
        versions = {pk: max(versions.get(pk, 0), announced.get(pk, 0)) for pk in versions.keys() | announced.keys()}
        if response.status_code == 304:
            page.checked_at, page.versions = time.monotonic(), versions
            return page.answer(request)
        if response.status_code >= 500 and time.monotonic() - page.checked_at < STALE_SECONDS:
            page.circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
            return page.answer(request)
        fresh = _page_of(response, versions)
        if fresh is None:
            if response.status_code < 400 or response.status_code in {404, 410}:
                self.pages.pop(key, None)
            return response
        self._keep(key, fresh)
        return fresh.answer(request)

    def _ask(self, request: HttpRequest, *, etag: str | None) -> tuple[HttpResponse, dict[int, int]]:
        """The view's answer to somebody who has the page `etag`, or none, and the versions of letters that it shows.

        The visitor's own condition is put back.
        """
        name = "HTTP_IF_NONE_MATCH"
        visitors = request.META.pop(name, None)
        request.META[VISITORS_CONDITION] = visitors or ""
        if etag:
            request.META[name] = etag
        with latest_versions.collecting() as versions:
            response = self._whole(request)
        request.META.pop(name, None)
        if visitors is not None:
            request.META[name] = visitors
        if _is_public(response):
            latest_versions.announce(versions)
            # Django answers to a broken cookie of its own with another: that is for one visitor alone.
            for cookie in (settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME):
                response.cookies.pop(cookie, None)
            response.headers["Vary"] = "Accept-Encoding"
        return response, versions

    def _whole(self, request: HttpRequest) -> HttpResponse:
        """The answer to GET, also for HEAD, so that one who asks for headers alone leaves no empty page for others."""
        if request.method != "HEAD":
            return self.get_response(request)
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        if response.status_code == 405:
            return self.get_response(request)  # Few addresses answer to HEAD and not to GET.
        return response

    def _keep(self, key: str, page: _Page) -> None:
        self.pages[key] = page
        while len(self.pages) > MAX_PAGES:
            self.pages.popitem(last=False)


def _key(request: HttpRequest) -> str:
    """What a public page depends on: its path, and `before`. A view that reads another field must add it here.

    The marks that others put on shared links (utm_source, fbclid …) change nothing, and must not fill the memory.
    """
    if request.path.endswith(("/signatures/", "/updates/")) and "before" in request.GET:
        return f"{request.path}?before={request.GET['before']}"
    return request.path


def _is_behind(page: _Page) -> bool:
    """Whether a reader may have seen a newer version elsewhere."""
    return any(version > page.versions[pk] for pk, version in latest_versions.newest(page.versions).items())


def _page_of(response: HttpResponse, versions: dict[int, int]) -> _Page | None:
    """The response as a page to keep; None if it is not for everybody."""
    if response.status_code != 200 or not _is_public(response) or response.streaming or response.cookies:
        return None
    if len(response.content) > LARGEST_PAGE:
        return None
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    body = response.content
    compressed = gzip.compress(body, compresslevel=6, mtime=0)
    return _Page(body, compressed, headers, response.headers["ETag"], time.monotonic(), versions)


def _headers_alone(response: HttpResponse) -> HttpResponse:
    """Not a byte of it is made. (Of what is not streamed, the web server leaves the body out.)"""
    # Not close(): that would tell Django that the request is over.
    for close in response._resource_closers:  # type: ignore[attr-defined] # the stubs do not know it
        close()
    return HttpResponse(status=response.status_code, headers=dict(response.headers))


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """What is too long to be kept is not sent again to whoever has it."""
    if _is_public(response) and response.headers["ETag"] in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", "")):
        # Nothing of it has been read yet. The file alone is closed: closing the response would end the request.
        if file := getattr(response, "file_to_stream", None):
            file.close()
        return publish(HttpResponseNotModified(), response.headers["ETag"])
    return response


def _is_public(response: HttpResponse) -> bool:
    return response.headers.get("Cache-Control", "").startswith("public") and "ETag" in response.headers
