"""Find the server of a webhook, and refuse every server that is not on the public internet.

Security: an organizer chooses the address, and this machine connects to it (`letters/shared/outgoing.py`).
"""

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings

from letters.shared.outgoing import NoTarget, Target, is_public, port_of, resolve


def find_target(url: str) -> Target:
    """Resolve the name in a URL, once. Raises NoTarget("not_https", "port", "unresolved" or "not_public")."""
    if urlsplit(url).scheme != "https" and not settings.WEBHOOKS_REACH_THIS_MACHINE:
        raise NoTarget("not_https")
    if port_of(url) not in settings.WEBHOOK_PORTS and not settings.WEBHOOKS_REACH_THIS_MACHINE:
        raise NoTarget("port")
    return resolve(url, may_connect_to)


def may_connect_to(text: str) -> bool:
    """Return whether an address is on the public internet."""
    if settings.WEBHOOKS_REACH_THIS_MACHINE:
        with suppress(ValueError):
            return is_public(text) or ipaddress.ip_address(text.partition("%")[0]).is_loopback
    return is_public(text)
