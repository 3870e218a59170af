"""Give each request an id, so that a person who reports an error page leads to its lines in the log.

The id is in the log lines of the web server while it answers, and on pages that say that something failed. Privacy: it
goes no further, least of all into messages to workers. A log that names the same id beside a request and beside an
email would tie the request, and whatever a proxy knows about it, to an address in a mail log. See
docs/threat-model.md.
"""

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
SAFE = re.compile(r"[A-Za-z0-9-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Return the id of the request that is being answered; empty outside one."""
    return _current.get()


class RequestIds:
    """Middleware that takes the id from our own proxy, or makes one. Answers with a status of 500 or more tell it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _current.set(_id_of(request))
        try:
            response = self.get_response(request)
            if response.status_code >= 500:
                response.headers[HEADER] = current_request_id()
            return response
        finally:
            _current.reset(token)


def _id_of(request: HttpRequest) -> str:
    """Spoofing: without a proxy of ours the header is from a stranger, who could repeat the id of another request."""
    sent = request.headers.get(HEADER, "")
    return sent if settings.TRUSTED_PROXIES and SAFE.fullmatch(sent) else secrets.token_hex(8)
