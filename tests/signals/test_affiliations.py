"""An affiliation fits the domain of an address, or does not."""

import pytest

from letters.moderator.signals.affiliations import fits
from tests.effort import effort


@pytest.mark.parametrize(
    ("affiliation", "domain"),
    [
        ("Università di Bologna", "studio.unibo.it"),
        ("Massachusetts Institute of Technology", "mit.edu"),
        ("MIT", "csail.mit.edu"),
        ("University of Oxford", "ox.ac.uk"),
        ("Technische Universität München", "tum.de"),
        ("Greenpeace International", "greenpeace.org"),
        ("The Guardian", "theguardian.com"),
        ("École polytechnique", "polytechnique.edu"),
        ("Mozilla", "mozilla.com"),
    ],
)
def test_a_domain_fits_the_name_of_its_owner(affiliation: str, domain: str) -> None:
    assert fits(affiliation, domain)


@pytest.mark.parametrize(
    ("affiliation", "domain"),
    [
        ("Massachusetts Institute of Technology", "gmail.com"),
        ("University of Oxford", "mailbox.example"),
        ("", "example.org"),
        ("The Guardian", "quickpost.net"),
        ("teacher", "gmx.de"),
    ],
)
def test_another_domain_does_not(affiliation: str, domain: str) -> None:
    assert not fits(affiliation, domain)


def test_a_long_affiliation_costs_no_more() -> None:
    assert effort(lambda: fits("aa aab aaab " * 20_000, "a" * 60 + ".org")) < 20
