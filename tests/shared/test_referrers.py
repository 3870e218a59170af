"""The site recognises a form of another site, and the host whose link led a reader here."""

import pytest

from letters.shared.referrers import host_elsewhere, is_foreign

OURS = "https://letters.example.org"


@pytest.mark.parametrize(
    ("fetch_site", "origin"),
    [
        ("same-origin", OURS),
        ("same-origin", "null"),
        ("none", ""),
        ("", ""),
        ("", "null"),
        ("", OURS),
    ],
)
def test_our_own_pages_are_not_foreign(fetch_site: str, origin: str) -> None:
    assert not is_foreign(fetch_site=fetch_site, origin=origin, own_origin=OURS)


@pytest.mark.parametrize(
    ("fetch_site", "origin"),
    [
        ("cross-site", "https://evil.example"),
        ("cross-site", "null"),
        ("cross-site", OURS),
        ("same-site", "https://blog.example.org"),
        ("", "https://evil.example"),
        ("", "http://letters.example.org"),
        ("", "https://letters.example.org.evil.example"),
        ("", "https://letters.example.org:8443"),
    ],
)
def test_another_page_is_foreign(fetch_site: str, origin: str) -> None:
    assert is_foreign(fetch_site=fetch_site, origin=origin, own_origin=OURS)


@pytest.mark.parametrize(
    ("said", "host"),
    [
        ("news.example", "news.example"),
        ("WWW.News.Example", "news.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("t.co", "t.co"),
    ],
)
def test_the_website_that_led_here_is_stored_by_its_host(said: str, host: str) -> None:
    assert host_elsewhere(said, own_origin=OURS) == host


@pytest.mark.parametrize(
    "said",
    [
        *["", "letters.example.org", "LETTERS.example.org", "localhost", "192.0.2.7", "[2001:db8::1]", "printer.local"],
        *["wiki.corp", "news.example/ada?id=7", "https://news.example", "news.example:8443", "ada@news.example"],
        *["news..example", "-news.example", "news example", "<b>.example", "a.b\n", "a.example\0", "bücher.example"],
        f"{'a' * 60}.{'b' * 60}.example",
    ],
)
def test_only_the_host_of_another_site_is_stored(said: str) -> None:
    assert host_elsewhere(said, own_origin=OURS) == ""
