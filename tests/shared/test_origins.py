"""A form that another site's page sends is known by what browsers say of its sender."""

import pytest

from letters.shared.origins import is_foreign

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
