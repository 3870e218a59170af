"""A rule matches what its words say, in any spelling, in the same time for every name, and nobody without a name."""

import pytest

from letters.moderator.signals.name_keys import plain, words_of
from letters.moderator.signals.rules import (
    LEAST_MATCHED,
    BadPattern,
    Rule,
    RuleBook,
    Signed,
    fits_name,
    read_pattern,
    works,
)
from tests.effort import effort


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("Mick* Mouse", "Mickey Mouse"),
        ("mouse", "Dr. Mickey Mouse"),
        ("*mouse", "Mickey Dormouse"),
        ("M*y Mouse", "Mickey MOUSE"),
        ("Łukasz Żak", "lukasz zak"),
        ("Jean-Luc", "Jean Luc Picard"),
        ("Jean Luc", "Jean-Luc Picard"),
        ("Ёлк*", "Ёлкин"),
        ("* Mouse", "Anna Mouse"),
    ],
)
def test_a_pattern_matches_words_in_a_row_in_any_spelling(pattern: str, name: str) -> None:
    assert fits_name(read_pattern(pattern), words_of(plain(name)))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("Mouse", "Mickey Mousetrap"),
        ("Mickey Mouse", "Mouse Mickey"),
        ("Mickey Mouse", "Mickey J. Mouse"),
        ("abca*bca", "abca"),
        ("M*y Mouse", "Mouse"),
        ("* Mouse", "Mouse"),
        ("(a+)+ mouse", "aaaaaaaa mouse"),
    ],
)
def test_a_pattern_matches_no_other_name(pattern: str, name: str) -> None:
    assert not fits_name(read_pattern(pattern), words_of(plain(name)))


@pytest.mark.parametrize(
    ("pattern", "code"),
    [("*", "short"), ("a*", "short"), ("a**b", "wildcards"), ("one two three four five", "words"), ("x" * 61, "long")],
)
def test_a_pattern_that_would_match_too_much_is_refused(pattern: str, code: str) -> None:
    with pytest.raises(BadPattern, match=code):
        read_pattern(pattern)


DOMAIN = Rule(id=1, holds=True, is_of_site=False, domain="example.org")
OF_SITE = Rule(id=2, holds=True, is_of_site=True, domain="example.org")
ADDRESS = Rule(id=3, holds=True, is_of_site=True, address=b"a" * 32)
NETWORK = Rule(id=4, holds=True, is_of_site=False, network=b"n" * 8)
NAME = Rule(id=5, holds=False, is_of_site=False, name=read_pattern("Mick* Mouse"))
BOOK = RuleBook.of([DOMAIN, OF_SITE, ADDRESS, NETWORK, NAME])
ALL = {"name": "Mickey Mouse", "domain": "mail.example.org", "address": b"a" * 32, "network": b"n" * 8}


def matched(**signed: object) -> set[int]:
    return {rule.id for rule in BOOK.matching(Signed(**signed))}  # type: ignore[arg-type]


def test_a_signature_is_compared_with_every_kind_of_rule() -> None:
    assert matched(is_public=True, **ALL) == {1, 2, 3, 4, 5}
    assert matched(is_public=True, name="Mickey") == set()
    assert matched(is_public=True, domain="other-example.org") == set()
    # A hash of an address never counts as one of a network.
    assert matched(is_public=True, network=b"a" * 32) == set()


def test_a_rule_of_the_site_matches_no_name_that_only_organizers_see() -> None:
    assert matched(is_public=False, **ALL) == {1, 4, 5}


def test_no_rule_matches_someone_who_shows_the_name_to_nobody() -> None:
    assert matched(is_public=False, is_nameless=True, **ALL) == set()


def test_a_rule_about_a_domain_works_from_the_tenth_signature_on() -> None:
    almost = Rule(id=1, holds=True, is_of_site=False, domain="example.org", matched=LEAST_MATCHED - 2)
    assert [works(almost, now) for now in (0, 1, 2)] == [False, False, True]
    assert works(NAME, 1)


def test_a_comparison_does_not_grow_with_the_name() -> None:
    """No name and no pattern makes the site think: both are bounded, and nothing is tried twice."""
    patterns = RuleBook.of(
        Rule(id=pk, holds=True, is_of_site=True, name=read_pattern(f"{'a' * 20}*{'a' * 20} *b *c")) for pk in range(150)
    )

    def compare(name: str) -> float:
        return effort(lambda: [patterns.matching(Signed(is_public=True, name=name)) for _ in range(50)])

    assert max(compare("a" * 100_000), compare("a " * 50_000)) <= 10 * compare("a " * 8)
