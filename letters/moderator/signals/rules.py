"""Compare a signature with the block and allow rules of moderators: pure functions, which know no table and no clock.

Denial of service: people write no regular expressions. A name pattern has a few words with at most one `*` each, so a
comparison costs the same whatever the name is. Domains, addresses and networks are looked up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from letters.moderator.signals.name_keys import plain, words_of
from letters.moderator.signals.words import folded, words_in

MAX_PATTERN, MAX_PATTERN_WORDS = 60, 4
# Fewer letters would match too many people.
LEAST_LETTERS = 3
WILDCARD = "*"
# Privacy: a rule about a domain or a network does nothing before it has matched this many signatures. Otherwise someone
# could make one about a small organisation, or flood the letter from an office, and see who of its people signs.
LEAST_MATCHED = 10


class BadPattern(Exception):
    """Raised for a pattern that would match nothing, or too much. `code`: "long", "words", "wildcards" or "short"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class WordPattern:
    beginning: str
    # None: the word has no wildcard.
    end: str | None = None

    def fits(self, word: str) -> bool:
        if self.end is None:
            return word == self.beginning
        is_long_enough = len(word) >= len(self.beginning) + len(self.end)
        return is_long_enough and word.startswith(self.beginning) and word.endswith(self.end)


@lru_cache(maxsize=512)
def read_pattern(text: str) -> tuple[WordPattern, ...]:
    """Return the words of a pattern, folded as names and the site's lists are. Raises BadPattern."""
    if len(text) > MAX_PATTERN:
        raise BadPattern("long")
    words = tuple(word for part in text.split() for word in _words_of_part(part))
    if len(words) > MAX_PATTERN_WORDS:
        raise BadPattern("words")
    if sum(len(word.beginning) + len(word.end or "") for word in words) < LEAST_LETTERS:
        raise BadPattern("short")
    return words


def _words_of_part(part: str) -> Iterator[WordPattern]:
    before, star, after = part.partition(WILDCARD)
    if WILDCARD in after:
        raise BadPattern("wildcards")
    left, right = words_in(folded(before)), words_in(folded(after))
    if not star:
        yield from map(WordPattern, left)
        return
    yield from map(WordPattern, left[:-1])
    yield WordPattern(left[-1] if left else "", right[0] if right else "")
    yield from map(WordPattern, right[1:])


def fits_name(pattern: Sequence[WordPattern], name: Sequence[str]) -> bool:
    """Return whether a name contains the words of a pattern, one after the other. `name` are the words of `plain`."""
    places = range(len(name) - len(pattern) + 1)
    return any(all(map(WordPattern.fits, pattern, name[place:])) for place in places)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that is switched on, as the scorer needs it. Exactly one of the four things is set."""

    id: int
    holds: bool
    # Privacy: a rule of people who moderate the site says nothing about names that only organizers see.
    is_of_site: bool
    domain: str = ""
    name: tuple[WordPattern, ...] = ()
    address: bytes | None = None
    # The network and the type of browser: honest people share a network, with other browsers.
    network: bytes | None = None
    # The number of signatures that it has matched, including the people on whom it was tested.
    matched: int = 0


@dataclass(frozen=True, kw_only=True)
class Signed:
    """The facts about a signature with which rules are compared."""

    is_public: bool
    # Privacy: of a signer who shows the name to nobody, nothing is compared, and nothing must be filled in.
    is_nameless: bool = False
    name: str = ""
    domain: str = ""
    address: bytes | None = None
    network: bytes | None = None


@dataclass(frozen=True)
class RuleBook:
    """All rules that apply to a letter."""

    domains: dict[str, list[Rule]] = field(default_factory=dict)
    hashes: dict[tuple[str, bytes], list[Rule]] = field(default_factory=dict)
    names: list[Rule] = field(default_factory=list)

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "RuleBook":
        book = cls()
        for rule in rules:
            if rule.domain:
                book.domains.setdefault(rule.domain, []).append(rule)
            elif rule.name:
                book.names.append(rule)
            elif rule.address:
                book.hashes.setdefault(("address", rule.address), []).append(rule)
            elif rule.network:
                book.hashes.setdefault(("network", rule.network), []).append(rule)
        return book

    def matching(self, signed: Signed) -> list[Rule]:
        """Return the rules that a signature matches."""
        if signed.is_nameless:
            return []
        found = [rule for key in _keys(signed) for rule in self.hashes.get(key, [])]
        labels = signed.domain.split(".")
        for place in range(len(labels) - 1):
            found += self.domains.get(".".join(labels[place:]), [])
        words = words_of(plain(signed.name)) if self.names else []
        found += [rule for rule in self.names if fits_name(rule.name, words)]
        return [rule for rule in found if signed.is_public or not rule.is_of_site]


def _keys(signed: Signed) -> Iterator[tuple[str, bytes]]:
    if signed.address:
        yield "address", signed.address
    if signed.network:
        yield "network", signed.network


def works(rule: Rule, matched_now: int) -> bool:
    """Return whether a rule does something, with the signatures that it matches in this batch."""
    return not (rule.domain or rule.network) or rule.matched + matched_now >= LEAST_MATCHED
