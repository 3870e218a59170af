"""Limits of what one network may ask of the public pages."""

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem

from letters.base.accounts.admission import network_of
from letters.public.public_pages.caching import HEADERS_ALONE
from letters.shared.limits import Limit, TooMany, count, seconds_left
from letters.shared.refused import Refusal


def count_for_network(request: HttpRequest, what: str, rate: RateLimitItem, code: Refusal) -> None:
    """Count one more `what` of the reader's network. Raises TooMany(code) beyond the rate."""
    limit = Limit(what, network_of(request), rate)
    if count([limit]):
        raise TooMany(code, seconds=seconds_left(limit))


def limit_downloads(request: HttpRequest) -> None:
    """Raise TooMany("many_downloads") if a network downloads too many lists. Headers alone are no download."""
    if HEADERS_ALONE not in request.META:
        count_for_network(request, "downloads", settings.LIMIT_DOWNLOADS, Refusal.MANY_DOWNLOADS)
