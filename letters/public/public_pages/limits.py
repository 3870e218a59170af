"""Limits of what one network may ask of the public pages."""

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem

from letters.shared.client_address import client_address, prefix_of
from letters.shared.limits import Limit, TooMany, count, seconds_left
from letters.shared.refused import Refusal


def count_for_network(request: HttpRequest, what: str, rate: RateLimitItem, code: Refusal) -> None:
    """Count one more `what` of the reader's network. Raises TooMany(code) beyond the rate."""
    peer, forwarded_for = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
    network = prefix_of(client_address(peer, forwarded_for, trusted_proxies=settings.TRUSTED_PROXIES))
    limit = Limit(what, network, rate)
    if count([limit]):
        raise TooMany(code, seconds=seconds_left(limit))
