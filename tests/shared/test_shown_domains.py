"""No domain can pass for another one."""

import pytest

from letters.shared.shown_domains import shown_domain


@pytest.mark.parametrize("domain", ["example.org", "mail.example.co.uk", "1und1.example"])
def test_an_ordinary_domain_is_shown_as_it_is(domain: str) -> None:
    assert shown_domain(domain) == domain


@pytest.mark.parametrize(
    ("domain", "shown"),
    [
        ("xn--bcher-kva.example", "bücher.example (xn--bcher-kva.example)"),
        ("xn--r8jz45g.jp", "例え.jp (xn--r8jz45g.jp)"),
        ("xn--hxajbheg2az3al.gr", "παράδειγμα.gr (xn--hxajbheg2az3al.gr)"),
    ],
)
def test_a_domain_in_one_script_is_shown_in_it_with_its_ascii_form(domain: str, shown: str) -> None:
    assert shown_domain(domain) == shown


@pytest.mark.parametrize(
    "domain",
    [
        "xn--80ak6aa92e.com",  # "apple", all in Cyrillic
        "xn--ggle-55da.com",  # "google" with two Cyrillic letters
        "xn--oogle-qmc.com",  # "google" with a Latin script g
        "xn--stanbul-qfb.com",  # "istanbul" with a dotless i
        "xn--a.com",  # not a name at all
    ],
)
def test_a_domain_that_looks_like_another_is_shown_in_ascii(domain: str) -> None:
    assert shown_domain(domain) == domain
