"""Middleware for every request: it sets the page's language, and turns every refusal into a readable page."""

import logging
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Any, cast

import redis
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.cache import patch_vary_headers
from kombu.exceptions import KombuError

from letters.base.switches.queries import known_maintenance
from letters.shared import counting
from letters.shared.limits import TooMany
from letters.shared.refusals import EXPLANATIONS
from letters.shared.refused import Refused
from letters.shared.request_input import safe_fields
from letters.shared.sessions import SessionStore
from petition.maintenance import maintenance_page
from petition.request_ids import current_request_id

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)

# First path segments of the pages for people with accounts.
BEHIND_ACCOUNTS = {"accounts", "moderate", "organize"}


def page_language(get_response: GetResponse) -> GetResponse:
    """Set the language of a public page by its URL: /it/… is Italian, all others are English.

    Django's own LocaleMiddleware would add `Vary: Accept-Language`, and no cache keeps a page that varies. Pages for
    people with accounts are never cached, and use the language of the browser.
    """
    spoken = {code for code, name in settings.LANGUAGES}

    def answer(request: HttpRequest) -> HttpResponse:
        first = request.path_info.lstrip("/").partition("/")[0]
        asks_browser = first in BEHIND_ACCOUNTS
        fixed = first if first in spoken else settings.LANGUAGE_CODE
        language = translation.get_language_from_request(request) if asks_browser else fixed
        with translation.override(language):
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or language)
            if asks_browser:
                patch_vary_headers(response, ["Accept-Language"])
            return response

    return answer


class Sessions(SessionMiddleware):
    """Django's session middleware, with the key in the cookie and its hash in the database: see
    letters/shared/sessions.py.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.session = SessionStore.of_cookie(request.COOKIES.get(settings.SESSION_COOKIE_NAME))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and cookie.value:
            # Keep the other attributes of the cookie.
            response.cookies[settings.SESSION_COOKIE_NAME] = cast("SessionStore", request.session).cookie_key
        return response


# The service that has failed, by the exception that it causes. If Valkey is the broker, Kombu wraps its errors.
PARTS: dict[str, tuple[type[Exception], ...]] = {
    "The database": (OperationalError, InterfaceError),
    "The broker": (KombuError,),
    "Valkey": (redis.RedisError,),
}


class SafeText:
    """Denial of service: keep text that takes longer to normalise than to read from every view, form and library."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if request.META.get("QUERY_STRING"):
            request.GET = safe_fields(request.GET)  # type: ignore[assignment]  # a plain attribute at run time
        if request.method == "POST":
            # If the client has hung up, the view finds no fields.
            with suppress(UnreadablePostError):
                request.POST = safe_fields(request.POST)  # type: ignore[assignment]


def _largest_body(path: str) -> int:
    larger = (size for end, size in settings.LARGER_BODIES.items() if path.endswith(end))
    most: int = settings.LARGEST_BODY
    return next(larger, most) if path.startswith("/organize/") else most


def _page_above(path: str) -> str:
    """Return the nearest page above an organizer's URL, or "".

    Forms with errors are shown at URLs that accept only POST. So people who return to such a URL from the browser's
    history find their way back to the form.
    """
    parts = path.strip("/").split("/")
    if parts[0] not in BEHIND_ACCOUNTS:
        return ""
    for length in range(len(parts) - 1, 0, -1):
        above = f"/{'/'.join(parts[:length])}/"
        with suppress(Resolver404):
            resolve(above)
            return above
    return ""


class PlainRefusals:
    """Answer 400, 405, 409, 413 and 503 with a sentence and a link, instead of empty or endless responses."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Check the declared length before reading a byte. Without one, no body is read (PEP 3333).
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > _largest_body(request.path_info):
            return self._page(request, 413)
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            page = self._page(request, 405, page_above=_page_above(request.path_info))
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Explain that a service is unavailable or that an operation refused, and that nothing was saved."""
        if isinstance(exception, Refused):
            return self._refused(request, exception)
        if isinstance(exception, RecursionError):
            # For example, a hundred thousand nested lists as JSON instead of a passkey.
            log.error(
                "A request was nested too deeply to read, at %s",
                request.resolver_match and request.resolver_match.view_name,
            )
            return self._page(request, 400)
        part = next((name for name, kinds in PARTS.items() if isinstance(exception, kinds)), None)
        if part is None:
            return None
        log.error("%s did not answer: %s", part, type(exception).__name__)
        if under_way := known_maintenance():
            return maintenance_page(request, under_way, is_readable=False)
        page = self._page(request, 503, error_id=current_request_id())
        page.headers["Retry-After"] = "30"
        return page

    def _refused(self, request: HttpRequest, refused: Refused) -> HttpResponse:
        """Answer a refusal that the view does not expect.

        Race: after the view's check and before the operation, a role can be removed or a letter withdrawn.
        """
        counting.refused(refused.code)
        log.warning("A view did not expect this refusal: %s", refused.code)
        if isinstance(refused, TooMany):
            page = self._page(request, 429, minutes=ceil(refused.seconds / 60))
            page.headers["Retry-After"] = str(refused.seconds)
            return page
        answer = EXPLANATIONS[refused.code]
        return self._page(request, answer.status, sentence=answer.sentence)

    @staticmethod
    def _page(request: HttpRequest, status: int, **words: object) -> HttpResponse:
        page = render(request, f"{status}.html", words, status=status)
        page.headers["Cache-Control"] = "no-store"
        return page
