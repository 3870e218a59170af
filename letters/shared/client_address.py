"""Where a request comes from: told by our own proxies, never by the visitor. To count by, never to store or log."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

ClientAddress = IPv4Address | IPv6Address

# What one household, office or campus has at least: single addresses are changed too easily, in IPv6 at will.
IPV4_PREFIX, IPV6_PREFIX = 24, 48
# All those of whom nothing is known, for example behind a unix socket without a proxy's header.
NOWHERE = "nowhere"

# Some proxies write a port too: 192.0.2.1:5678, [2001:db8::1]:5678
WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[\d.]+):\d+", re.ASCII)
MAX_LENGTH = 64


def client_address(peer: str, forwarded_for: str, *, trusted_proxies: int) -> ClientAddress | None:
    """The address that the outermost of our proxies was asked from; without proxies, `peer`, who connected to us.

    Each proxy adds to the right of X-Forwarded-For who connected to it, so with two of them the second from the right
    is the client, and what stands left of it is the visitor's own invention. Where an entry is missing or is no
    address, the nearest one that a proxy of ours vouched for is taken. None if there is none.
    """
    entries = forwarded_for.split(",") if forwarded_for.strip() else []
    vouched_for = entries[::-1][:trusted_proxies]
    found = _read(peer)
    for entry in vouched_for:
        address = _read(entry)
        if address is None:
            break
        found = address
    return found


def prefix_of(address: ClientAddress | None) -> str:
    """The network that is counted as one: 192.0.2.0/24, 2001:db8:1::/48. An IPv4 address in IPv6's clothes is IPv4."""
    if address is None:
        return NOWHERE
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return prefix_of(address.ipv4_mapped)
        # Without the scope (%eth0), which is the machine's own business.
        return str(ip_network((int(address), IPV6_PREFIX), strict=False))
    return str(ip_network((address, IPV4_PREFIX), strict=False))


def _read(text: str) -> ClientAddress | None:
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return None
    if with_port := WITH_PORT.fullmatch(text):
        text = with_port["v6"] or with_port["v4"] or ""
    try:
        return ip_address(text)
    except ValueError:
        return None
