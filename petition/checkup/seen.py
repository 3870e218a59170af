"""The answer of the site to `undersigned check`: how its request has arrived.

Privacy: it names only the address of the one who asks, and only to those who have SECRET_KEY.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, JsonResponse

from letters.shared.client_address import client_address

PATH = "/healthz"
HEADER = "X-Undersigned-Check"
ANSWER_SECONDS = 60


class Seen:
    """Middleware that tells `undersigned check` how its request has arrived."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(HEADER, "")
        if request.path_info != PATH or not sent or not _is_ours(sent):
            return self.get_response(request)
        peer, forwarded_for = request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
        address = client_address(peer, forwarded_for, trusted_proxies=settings.TRUSTED_PROXIES)
        seen = {"address": str(address or ""), "https": request.is_secure()}
        return JsonResponse(seen, headers={"Cache-Control": "no-store"})


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="undersigned check")


def token() -> str:
    """Return what `undersigned check` sends, to prove that it has SECRET_KEY."""
    return _signer().sign("seen")


def _is_ours(sent: str) -> bool:
    try:
        return _signer().unsign(sent, max_age=ANSWER_SECONDS) == "seen"
    except BadSignature:
        return False
