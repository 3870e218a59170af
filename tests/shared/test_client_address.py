"""Our own proxies report the client's address, whatever the visitor sends; neighbours count as one network."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.shared.client_address import NOWHERE, client_address, prefix_of

VISITOR, PROXY, CDN = "203.0.113.9", "10.0.0.1", "198.51.100.7"
addresses = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "trusted_proxies", "found"),
    [
        # Without a proxy, the header is only a visitor's claim.
        (VISITOR, "", 0, VISITOR),
        (VISITOR, "192.0.2.1", 0, VISITOR),
        (VISITOR, "192.0.2.1, 192.0.2.2", 0, VISITOR),
        # With one proxy, the last entry is the proxy's.
        (PROXY, VISITOR, 1, VISITOR),
        (PROXY, f"192.0.2.1, {VISITOR}", 1, VISITOR),
        (PROXY, f"192.0.2.1,{VISITOR}", 1, VISITOR),
        (PROXY, f"garbage, <script>, {VISITOR}", 1, VISITOR),
        # With two, the last entry but one.
        (PROXY, f"{VISITOR}, {CDN}", 2, VISITOR),
        (PROXY, f"192.0.2.1, {VISITOR}, {CDN}", 2, VISITOR),
        # Too few entries, or no address: the nearest one that our proxies vouch for.
        (PROXY, "", 1, PROXY),
        (PROXY, "unknown", 1, PROXY),
        (PROXY, f"{VISITOR},", 1, PROXY),
        (PROXY, f"{VISITOR}, unknown", 2, PROXY),
        (PROXY, f"unknown, {CDN}", 2, CDN),
        (PROXY, CDN, 2, CDN),
        # Some proxies write it like this.
        (PROXY, f"{VISITOR}:4711", 1, VISITOR),
        (PROXY, "[2001:db8::1]:4711", 1, "2001:db8::1"),
        (PROXY, "[2001:db8::1]", 1, "2001:db8::1"),
        # A unix socket has no peer address.
        ("", VISITOR, 1, VISITOR),
        ("", "", 1, None),
        ("", VISITOR, 0, None),
        ("127.0.0.1:80", "", 0, "127.0.0.1"),
        ("no address", "", 0, None),
    ],
)
def test_the_client_address_is_counted_from_the_right(
    peer: str, forwarded_for: str, trusted_proxies: int, found: str | None
) -> None:
    expected = ip_address(found) if found else None
    assert client_address(peer, forwarded_for, trusted_proxies=trusted_proxies) == expected


@given(written=st.text(), vouched_for=st.lists(addresses, min_size=1, max_size=4), peer=addresses)
def test_no_header_of_a_visitor_changes_the_address(written: str, vouched_for: list[str], peer: str) -> None:
    """Each proxy adds to the right; the visitor wrote the rest."""
    trusted = len(vouched_for)
    honest = client_address(peer, ",".join(vouched_for), trusted_proxies=trusted)
    assert honest == ip_address(vouched_for[0])
    assert client_address(peer, ",".join([written, *vouched_for]), trusted_proxies=trusted) == honest


@given(peer=st.text(), forwarded_for=st.text(), trusted_proxies=st.integers(0, 10))
def test_an_invalid_address_is_no_error(peer: str, forwarded_for: str, trusted_proxies: int) -> None:
    assert prefix_of(client_address(peer, forwarded_for, trusted_proxies=trusted_proxies))


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::1", "::/48"),
    ],
)
def test_a_network_is_counted_as_one(address: str, prefix: str) -> None:
    assert prefix_of(ip_address(address)) == prefix


def test_clients_without_a_known_address_are_counted_together() -> None:
    assert prefix_of(None) == NOWHERE


@given(network=st.integers(0, 2**24 - 1), hosts=st.tuples(st.integers(0, 255), st.integers(0, 255)))
def test_an_ipv4_network_has_256_addresses(network: int, hosts: tuple[int, int]) -> None:
    one, other = (prefix_of(IPv4Address(network * 256 + host)) for host in hosts)
    assert one == other
    assert one == prefix_of(IPv6Address(f"::ffff:{IPv4Address(network * 256)}"))
    assert one != prefix_of(IPv4Address((network * 256 + 256) % 2**32))


@given(address=st.ip_addresses(v=6), changed=st.integers(0, 127))
def test_an_ipv6_network_shares_48_bits(address: IPv6Address, changed: int) -> None:
    other = IPv6Address(int(address) ^ (1 << changed))
    if not address.ipv4_mapped and not other.ipv4_mapped:
        assert (prefix_of(address) == prefix_of(other)) == (changed < 80)
