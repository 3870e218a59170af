"""Find the server of a webhook, and refuse every server that is not on the public internet.

Security: an organizer chooses the address, and this machine connects to it. So it must not lead to this machine, to
its network, or to the metadata service of a cloud. The name is resolved once, every address of it is checked, and the
connection goes to the checked address (`sending.py`): a name cannot change in between.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

DEFAULT_PORTS = {"https": 443, "http": 80}
# Only these addresses of IPv6 can be on the public internet.
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# Addresses in it that are not, or that stand for an address of IPv4: IETF protocols (Teredo too), documentation, 6to4.
NOT_GLOBAL_IPV6 = [ipaddress.IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
# Special addresses that Python's `is_global` may count as public: IETF protocols and relays of 6to4.
NOT_GLOBAL_IPV4 = [ipaddress.IPv4Network(each) for each in ("192.0.0.0/24", "192.88.99.0/24")]


class NoTarget(Exception):
    """There is no server to which we may connect. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Target:
    """A server, with the address that was checked."""

    scheme: str
    # The name in the certificate and in the header Host.
    host: str
    port: int
    address: str
    # Path and query.
    path: str


def find_target(url: str) -> Target:
    """Resolve the name in a URL, once. Raises NoTarget("not_https", "port", "unresolved" or "not_public")."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    if parts.scheme != "https" and not settings.WEBHOOKS_REACH_THIS_MACHINE:
        raise NoTarget("not_https")
    if port not in settings.WEBHOOK_PORTS and not settings.WEBHOOKS_REACH_THIS_MACHINE:
        raise NoTarget("port")
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Target(parts.scheme, host, port, _checked_address(host, port), path)


def _checked_address(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as failure:
        raise NoTarget("unresolved") from failure
    addresses = [str(each[4][0]) for each in found]
    # One address that is not public is enough: whoever answers for this name may mean it.
    if not addresses or not all(map(may_connect_to, addresses)):
        raise NoTarget("not_public")
    return addresses[0]


def may_connect_to(text: str) -> bool:
    """Return whether an address is on the public internet."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if settings.WEBHOOKS_REACH_THIS_MACHINE and address.is_loopback:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        return address in GLOBAL_IPV6 and not any(address in network for network in NOT_GLOBAL_IPV6)
    is_special = address.is_multicast or any(address in network for network in NOT_GLOBAL_IPV4)
    return address.is_global and not is_special
