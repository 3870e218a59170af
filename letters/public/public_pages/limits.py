"""Limits of what one network may ask of the public pages."""

from django.http import HttpRequest
from limits import RateLimitItem

from letters.base.accounts.admission import network_of
from letters.shared.limits import Limit, TooMany, count, seconds_left
from letters.shared.refused import Refusal


def count_for_network(request: HttpRequest, what: str, rate: RateLimitItem, code: Refusal) -> None:
    """Count one more `what` of the reader's network. Raises TooMany(code) beyond the rate."""
    limit = Limit(what, network_of(request), rate)
    if count([limit]):
        raise TooMany(code, seconds=seconds_left(limit))
