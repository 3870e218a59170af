"""Render each public page once and serve the same bytes to everyone.

`publish` sets the headers that tell browsers, CDNs and proxies how long they may keep a page. `PublicPageCache` obeys
the same headers inside the process: it answers from memory, and asks the view again at most every FRESH_SECONDS, with
the page's ETag, so that an unchanged page costs one small query and no rendering. Processes share what they have
rendered (shared_pages.py).
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
from django.utils.http import parse_etags, urlencode

from letters.base.site_pages.queries import filled_pages, notice_versions
from letters.base.switches.queries import known_maintenance
from letters.public.public_pages import latest_versions, shared_pages
from letters.public.public_pages.shared_pages import SharedPage
from letters.shared import counting

# A new name is on every page within this time, even behind a proxy or CDN that obeys our headers. It covers the
# sequencer's wait (GATHER_SECONDS), FRESH_SECONDS, MAX_AGE_SECONDS and the work itself. The docs promise this time.
SEEN_WITHIN_SECONDS = 3
MAX_AGE_SECONDS = 1
# No stale-while-revalidate: after a quiet hour, a cache could then show a page that is a minute out of date.
CACHE_CONTROL = f"public, max-age={MAX_AGE_SECONDS}, stale-if-error=300"
FRESH_SECONDS = 0.5
# While the database is down, a kept page is served for up to this long (stale-if-error above).
STALE_SECONDS = 300
# After a failure, the view is not called for this long: while the database is down, each call would wait for nothing.
CIRCUIT_OPEN_SECONDS = 5
# A page that does not change is offered to other processes again after this long.
SHARED_AGAIN_SECONDS = 60
MAX_PAGES = 256
MAX_PAGE_BYTES = 512 * 1024
# The key in request.META that holds the reader's If-None-Match while the view is asked for the whole page.
READERS_CONDITION = "undersigned.if_none_match"
# The key in request.META that says that the reader asked only for the headers (HEAD), while the view is asked for the
# page.
HEADERS_ALONE = "undersigned.headers_alone"


def page_etag(*parts: object) -> str:
    """Return the ETag of a page that depends only on `parts`, on the code, on the pages that its foot links to, and on
    the notice above every page.

    It is a weak ETag, because it is the same for the compressed and the uncompressed page.
    """
    content = "\0".join(map(str, (*parts, *filled_pages(), *notice_versions(), code_fingerprint())))
    return f'W/"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'


def unchanged(request: HttpRequest, etag: str) -> HttpResponse | None:
    """Return a 304 if the client has this page already, so that nothing needs to be rendered."""
    response = get_conditional_response(request, etag=etag)
    return publish(response, etag) if isinstance(response, HttpResponse) else None


def unchanged_for_reader(request: HttpRequest, etag: str) -> HttpResponse | None:
    """Do the same for a page that is too long to keep in memory, with the reader's own If-None-Match."""
    if response := unchanged(request, etag):
        return response
    has_it = etag in parse_etags(request.META.get(READERS_CONDITION, ""))
    return publish(HttpResponseNotModified(), etag) if has_it else None


Result = TypeVar("Result", bound=HttpResponseBase)


def publish(response: Result, etag: str) -> Result:
    """Mark a response as public: anyone may keep it, because it never depends on the person who asks."""
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.headers["ETag"] = etag
    return response


@cache
def code_fingerprint() -> str:
    """Return a hash that changes with every release, so that a page of an old release never counts as current."""
    digest = hashlib.sha256()
    sources = [
        *(settings.BASE_DIR / "letters").rglob("*.py"),
        *(settings.BASE_DIR / "letters" / "templates").rglob("*.*"),
        *(settings.BASE_DIR / "letters" / "locale").rglob("*.mo"),
        *Path(settings.STATIC_ROOT).glob("*.json"),
    ]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# The parameters of a search on the list of signatures.
SEARCHED = {"affiliation", "q", "number"}
# A client can also refuse gzip: "gzip;q=0".
ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


def accepts_gzip(request: HttpRequest) -> bool:
    return ACCEPTS_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")) is not None


@dataclass
class _Page:
    body: bytes
    compressed: bytes
    headers: dict[str, str]
    etag: str
    checked_at: float
    # For each letter on the page: the newest version that was known when the view was last asked.
    versions: dict[int, int]
    circuit_open_until: float = 0
    # When this process last offered it to the others.
    shared_at: float = 0
    # The lock of the one request that asks the view again. All others get the page as it is.
    revalidating: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: HttpRequest, served: counting.Served = "kept") -> HttpResponse:
        counting.page(served)
        client_etags = request.META.get("HTTP_IF_NONE_MATCH")
        response: HttpResponse
        if client_etags and self.etag in parse_etags(client_etags):
            response = HttpResponseNotModified()
            response.headers["ETag"] = self.etag
            response.headers["Cache-Control"] = self.headers["Cache-Control"]
            return response
        if accepts_gzip(request):
            response = HttpResponse(self.compressed)
            response.headers["Content-Encoding"] = "gzip"
        else:
            response = HttpResponse(self.body)
        for name, value in self.headers.items():
            response.headers[name] = value
        return response


class PublicPageCache:
    """Middleware that answers public pages from memory. It comes before all other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.pages: OrderedDict[str, _Page] = OrderedDict()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Privacy: searches are not kept. Denial of service: they would push the letters out of this memory.
        # Performance: the logs have a memory of their own, and Valkey would be asked for each tile.
        if request.method not in {"GET", "HEAD"} or is_search(request) or request.path.startswith("/log/"):
            return self.get_response(request)
        response = self._answer(request)
        return _headers_only(response) if request.method == "HEAD" and response.streaming else response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        for condition in ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_MODIFIED_SINCE"):
            request.META.pop(condition, None)  # This cache supports only If-None-Match.
        key = _key(request)
        page = self.pages.get(key)
        if page is None:
            return self._fetch(request, key)
        with suppress(KeyError):  # Race: another thread may have dropped the page in the meantime.
            self.pages.move_to_end(key)
        now = time.monotonic()
        if now < page.circuit_open_until:
            return page.answer(request)
        is_outdated = _is_outdated(page)
        # A reader waits only if a newer version has been shown elsewhere. All others get the page as it is.
        if (is_outdated or now - page.checked_at > FRESH_SECONDS) and page.revalidating.acquire(blocking=is_outdated):
            try:
                return self._revalidate(request, key, self.pages.get(key, page), started_at=now)
            finally:
                page.revalidating.release()
        return page.answer(request)

    def _fetch(self, request: HttpRequest, key: str) -> HttpResponse:
        """Ask the view for the whole page, and compare the reader's If-None-Match here.

        If another process has rendered it, ask only whether that page is current.
        """
        if shared := _shared(key):
            return self._ask_again(request, key, shared)
        response, versions = self._ask(request)
        page = _page_to_keep(response, versions)
        if page is None:
            return _conditional(request, response) if response.streaming else response
        self._keep(key, page)
        return page.answer(request, "rendered")

    def _revalidate(self, request: HttpRequest, key: str, page: _Page, *, started_at: float) -> HttpResponse:
        if started_at < max(page.checked_at, page.circuit_open_until) and not _is_outdated(page):
            return page.answer(request)  # Another thread asked the view while this one waited for the lock.
        return self._ask_again(request, key, page, _shared(key, unless=page.etag))

    def _ask_again(self, request: HttpRequest, key: str, page: _Page, other: _Page | None = None) -> HttpResponse:
        """Ask the view whether the page is current, or the `other` one, which another process has rendered."""
        announced = latest_versions.newest(page.versions)
        response, versions = self._ask(request, *([page.etag, other.etag] if other else [page.etag]))
        # After a backup was restored, processes may have announced a version that the database does not have. Note it
        # as seen, so that readers do not wait for it again.
        versions = {pk: max(versions.get(pk, 0), announced.get(pk, 0)) for pk in versions.keys() | announced.keys()}
        if response.status_code == 304:
            if other and response.headers.get("ETag") == other.etag:
                page = other
            elif other:
                # Race: an older page came to Valkey after this one, or this one while Valkey did not answer.
                page.shared_at = 0
            page.checked_at, page.versions = time.monotonic(), versions
            self._keep(key, page)
            return page.answer(request, "checked")
        # Of two pages, readers elsewhere have already seen the one that was checked later. Race: a process that renders
        # slowly may offer an older version after a newer one.
        is_newer = other and other.checked_at > page.checked_at and not _is_older(other, page)
        newest = other if other and is_newer else page
        may_be_stale = time.monotonic() - newest.checked_at < STALE_SECONDS or known_maintenance() is not None
        if response.status_code >= 500 and may_be_stale:
            newest.circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
            self.pages[key] = newest
            return newest.answer(request)
        new_page = _page_to_keep(response, versions)
        if new_page is None:
            if response.status_code < 400 or response.status_code in {404, 410}:
                self.pages.pop(key, None)
                shared_pages.take_back(key)
            return response
        self._keep(key, new_page)
        return new_page.answer(request, "rendered")

    def _ask(self, request: HttpRequest, *etags: str) -> tuple[HttpResponse, dict[int, int]]:
        """Ask the view as a client that has the pages with these ETags, or no page.

        Return the answer and the versions of the letters on it. Restore the reader's own If-None-Match afterwards.
        """
        name = "HTTP_IF_NONE_MATCH"
        readers_condition = request.META.pop(name, None)
        request.META[READERS_CONDITION] = readers_condition or ""
        if etags:
            request.META[name] = ", ".join(etags)
        with latest_versions.collecting() as versions:
            response = self._answer_to_get(request)
        request.META.pop(name, None)
        if readers_condition is not None:
            request.META[name] = readers_condition
        if _is_public(response):
            latest_versions.announce(versions)
            # Privacy: Django replaces a broken cookie of its own with a new one, which is for one reader only.
            for cookie in (settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME):
                response.cookies.pop(cookie, None)
            response.headers["Vary"] = "Accept-Encoding"
        return response, versions

    def _answer_to_get(self, request: HttpRequest) -> HttpResponse:
        """Answer HEAD like GET, so that a request for headers alone leaves no empty page in memory for others."""
        if request.method != "HEAD":
            return self.get_response(request)
        request.method, request.META[HEADERS_ALONE] = "GET", True
        response = self.get_response(request)
        request.method = "HEAD"
        if response.status_code == 405:
            return self.get_response(request)  # A few URLs accept HEAD but not GET.
        return response

    def _keep(self, key: str, page: _Page) -> None:
        """Keep a page that the view has just confirmed, and offer it to the other processes now and then."""
        self.pages[key] = page
        if not page.shared_at or time.monotonic() - page.shared_at > SHARED_AGAIN_SECONDS:
            page.shared_at = time.monotonic()
            _share(key, page)
        while len(self.pages) > MAX_PAGES:
            self.pages.popitem(last=False)


def is_search(request: HttpRequest) -> bool:
    """Return whether a reader searches a letter's list of signatures."""
    is_list = request.path.endswith("/signatures/") and not request.path.startswith("/api/")
    return is_list and not SEARCHED.isdisjoint(request.GET)


def _key(request: HttpRequest) -> str:
    """Return what a public page depends on: its path, and `before` or `after`. A view that reads another parameter
    must add it.

    The API refuses every parameter that it does not know, so its answers depend on all of them. Its docs have none.

    Parameters that other sites add to shared links (utm_source, fbclid …) do not change the page, and must not fill the
    memory.
    """
    if request.path.startswith("/api/v1/letters/") and request.GET:
        return f"{request.path}?{urlencode(sorted(request.GET.lists()), doseq=True)}"
    if request.path.endswith(("/signatures/", "/signatures.json", "/updates/")) and "before" in request.GET:
        return f"{request.path}?before={request.GET['before']}"
    if request.path.endswith("/organisations/") and request.GET.get("after"):
        return f"{request.path}?after={request.GET['after']}"
    return request.path


def _share(key: str, page: _Page) -> None:
    shared = SharedPage(page.compressed, page.headers, page.etag, page.versions, age=0)
    shared_pages.share(key, shared, release=code_fingerprint(), seconds=STALE_SECONDS)


def _shared(key: str, *, unless: str = "") -> _Page | None:
    """Return the page as another process has rendered it, if its ETag is not `unless`."""
    shared = shared_pages.find(key, unless=unless, release=code_fingerprint(), seconds=STALE_SECONDS)
    if shared is None:
        return None
    # The process that rendered it offers it again as long as it is read.
    now = time.monotonic()
    headers, versions = dict(shared.headers), dict(shared.versions)
    body = gzip.decompress(shared.compressed)
    return _Page(body, shared.compressed, headers, shared.etag, now - shared.age, versions, shared_at=now)


def _is_outdated(page: _Page) -> bool:
    """Return whether a reader may have seen a newer version elsewhere."""
    return any(version > page.versions[pk] for pk, version in latest_versions.newest(page.versions).items())


def _is_older(page: _Page, other: _Page) -> bool:
    """Return whether a page shows an older version of a letter than the other one does."""
    return any(version > page.versions.get(pk, version) for pk, version in other.versions.items())


def _page_to_keep(response: HttpResponse, versions: dict[int, int]) -> _Page | None:
    """Return the response as a page to keep in memory; None if it is not for everyone, or is too large."""
    if response.status_code != 200 or not _is_public(response) or response.streaming or response.cookies:
        return None
    if len(response.content) > MAX_PAGE_BYTES:
        return None
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    body = response.content
    compressed = gzip.compress(body, compresslevel=6, mtime=0)
    return _Page(body, compressed, headers, response.headers["ETag"], time.monotonic(), versions)


def _headers_only(response: HttpResponse) -> HttpResponse:
    """Return the headers of a streamed response without reading its body.

    From all other responses, the web server removes the body.
    """
    # Not close(): that would tell Django that the request has ended.
    for close in response._resource_closers:  # type: ignore[attr-defined] # the stubs do not know it
        close()
    return HttpResponse(status=response.status_code, headers=dict(response.headers))


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return a 304 if the client already has this page, which is too long to keep in memory."""
    if _is_public(response) and response.headers["ETag"] in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", "")):
        # Close only the file, of which nothing has been read: closing the response would end the request.
        if file := getattr(response, "file_to_stream", None):
            file.close()
        return publish(HttpResponseNotModified(), response.headers["ETag"])
    return response


def _is_public(response: HttpResponse) -> bool:
    return response.headers.get("Cache-Control", "").startswith("public") and "ETag" in response.headers
