"""Find out where a request comes from. Spoofing: trust our own proxies, never the visitor.

Privacy: the result is used for counting, and never stored or logged.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

ClientAddress = IPv4Address | IPv6Address

# The smallest network of a household, office or campus. A single address is too easy to change; in IPv6, anyone can.
IPV4_PREFIX, IPV6_PREFIX = 24, 48
# Requests without any address, for example from a Unix socket without a proxy header.
NOWHERE = "nowhere"

# Some proxies append a port: 192.0.2.1:5678, [2001:db8::1]:5678
WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[\d.]+):\d+", re.ASCII)
MAX_LENGTH = 64


def client_address(peer: str, forwarded_for: str, *, trusted_proxies: int) -> ClientAddress | None:
    """Return the address that connected to our outermost proxy; without proxies, `peer`.

    Each proxy appends the address that connected to it to X-Forwarded-For. With two proxies the client is the second
    entry from the right, and everything left of it is made up by the visitor. If an entry is missing or invalid, the
    nearest valid entry of our proxies is used. None if there is none.
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
    """Return the network to count: 192.0.2.0/24, 2001:db8:1::/48. A mapped IPv4 address counts as IPv4."""
    if address is None:
        return NOWHERE
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return prefix_of(address.ipv4_mapped)
        # Leave out the scope (%eth0), which means something only on this machine.
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
