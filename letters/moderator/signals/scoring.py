"""Score one signature: a pure function of what the site knows about it. It decides nothing.

The letter's threshold decides whether a signature is published or held. A person decides about held ones.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from letters.moderator.signals import keyboard_mash
from letters.moderator.signals.name_keys import mixes_scripts, plain, words_of
from letters.moderator.signals.reasons import MAX_SCORE, SIGNALS, Reason
from letters.moderator.signals.word_lists import Lists, Text
from letters.shared.lookalikes import skeleton
from letters.shared.odd_names import has_link, has_numerals


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """The number of signatures of the letter from the same place. Each number includes this signature."""

    # `network`: from the same network prefix. `pair`: of these, with the same type of browser.
    network_hour: int = 1
    pair_hour: int = 1
    network_week: int = 1
    pair_week: int = 1
    # All signatures within an hour, and those with the same type of browser.
    letter_hour: int = 1
    browser_hour: int = 1
    # The share of this type of browser among all signatures of the site within a week.
    browser_share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class DomainFacts:
    """The facts about an email domain that count. Privacy: neither the address nor the domain itself."""

    throwaway: bool = False
    mistyped: bool = False
    # A provider of private mailboxes, which says nothing about an affiliation.
    private: bool = False
    fits_affiliation: bool = False
    # Signatures of the letter at the same domain whose affiliation does not fit it, this one included; 0 for providers.
    strangers: int = 0
    # Signatures of the letter at the same domain whose affiliation fits it.
    members: int = 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that the site knows about one signature. Every field except the name may stay unknown."""

    name: str
    affiliation: str = ""
    role: str = ""
    comment: str = ""
    domain: DomainFacts = field(default_factory=DomainFacts)
    crowd: Crowd = field(default_factory=Crowd)
    # The time from the form to the confirmation; None if it is not confirmed.
    seconds: float | None = None
    # Whether the browser did the proof of work; None if the site did not ask for one.
    proven: bool | None = None
    bounced: bool = False
    # Earlier signatures of this letter with the same folded name; of these, with the same affiliation. Only earlier
    # ones count, because the person whose name is copied is not doubtful.
    same_name: int = 0
    same_person: int = 0
    # The number of other letters that the address signed within seconds.
    other_letters: int = 0
    # The number of times that owners of addresses said "It wasn't me" about the same network prefix.
    disowned_nearby: int = 0
    reports: int = 0
    # Whether a rule of moderators holds the signature.
    ruled: bool = False


@dataclass(frozen=True)
class Verdict:
    score: int
    # The heaviest first.
    reasons: tuple[Reason, ...]

    def only(self, wanted: frozenset[Reason]) -> "Verdict":
        """Return the verdict that these reasons alone would give."""
        reasons = tuple(reason for reason in self.reasons if reason in wanted)
        return Verdict(min(MAX_SCORE, sum(SIGNALS[reason].weight for reason in reasons)), reasons)


# A person who opens the email and copies the code needs longer.
SCANNER_SECONDS = 6
# A household or a small office of this many people may sign within an hour.
SMALL = 4
# A network is crowded if it has this many times the number that the usual share explains.
TIMES = 3
MIN_OF_BROWSER, BROWSER_TIMES = 8, 4
# No type of browser is more common than this. A higher share comes from a flood, which must not excuse itself.
MAX_SHARE = 0.3
STRANGERS = 4
# The number of other letters, signed within seconds, that makes a reason.
LETTERS = 2
# A telephone number in a text that also has a word of advertising.
PHONE = re.compile(r"\+?\d[\d ()./-]{7,}\d")
# Denial of service: the same bounds as the form's.
MAX_LINE, MAX_COMMENT = 200, 1000


def score(facts: Facts, lists: Lists, *, weights: Mapping[Reason, int] | None = None) -> Verdict:
    """Return the score of a signature and its reasons."""
    reasons = {*_of_name(facts, lists), *_of_words(facts, lists), *_of_circumstances(facts)}
    if Reason.SAME_PERSON in reasons:
        reasons.discard(Reason.SAME_NAME)
    weigh = {reason: SIGNALS[reason].weight for reason in reasons} | {
        reason: weight for reason, weight in (weights or {}).items() if reason in reasons
    }
    heaviest = sorted(reasons, key=lambda reason: (-weigh[reason], reason))
    return Verdict(min(MAX_SCORE, sum(weigh.values())), tuple(heaviest))


def _of_name(facts: Facts, lists: Lists) -> Iterator[Reason]:
    name = facts.name[:MAX_LINE]
    if not name:
        return
    words = words_of(plain(name))
    if lists.watched.has(words):
        yield Reason.WATCHED_NAME
    elif lists.watched.resembles(words_of(skeleton(name))):
        yield Reason.DISGUISED_NAME
    if has_link(name):
        yield Reason.LINK_IN_NAME
    elif has_numerals(name):
        yield Reason.NUMERALS_IN_NAME
    if mixes_scripts(name):
        yield Reason.MIXED_SCRIPTS
    if keyboard_mash.has_mash(words):
        yield Reason.KEYBOARD_MASH


def _of_words(facts: Facts, lists: Lists) -> Iterator[Reason]:
    about = f"{facts.affiliation[:MAX_LINE]} \n {facts.role[:MAX_LINE]} \n {facts.comment[:MAX_COMMENT]}"
    text = Text.of(f"{facts.name[:MAX_LINE]} \n {about}")
    if lists.abusive.found_in(text) or lists.abusive.disguised_in(text):
        yield Reason.ABUSE
    has_address = has_link(about)
    if has_address:
        yield Reason.LINK_IN_WORDS
    adverts = len(lists.advertising.found_in(text))
    if adverts > 1 or (adverts and (has_address or PHONE.search(text.folded))):
        yield Reason.ADVERTISING


def _of_circumstances(facts: Facts) -> list[Reason]:
    return [reason for reason, holds in CIRCUMSTANCES.items() if holds(facts)]


def _is_unrelated(facts: Facts) -> bool:
    return bool(facts.affiliation) and not facts.domain.fits_affiliation


def _is_network_burst(facts: Facts) -> bool:
    return _is_crowded(facts, facts.crowd.pair_hour, facts.crowd.network_hour)


def _is_network_series(facts: Facts) -> bool:
    """Return whether many signed here within a week. A family that signs within an hour is a burst, and no series."""
    crowd = facts.crowd
    is_more = crowd.pair_week > 2 * SMALL or not _is_network_burst(facts)
    return is_more and _is_crowded(facts, crowd.pair_week, crowd.network_week)


def _is_crowded(facts: Facts, pair: int, network: int) -> bool:
    """Return whether the pair has far more signatures than the browser's usual share of the network explains.

    A university or a mobile provider brings many people from one network, but with the usual mix of browsers. An
    office may have a single type of browser, but then most addresses are at its own domain.
    """
    if facts.domain.fits_affiliation:
        return False
    return pair > SMALL and pair > TIMES * _usual_share(facts) * network


def _usual_share(facts: Facts) -> float:
    return min(MAX_SHARE, facts.crowd.browser_share)


def _is_browser_burst(facts: Facts) -> bool:
    crowd = facts.crowd
    expected = _usual_share(facts) * crowd.letter_hour
    is_burst = crowd.browser_hour >= MIN_OF_BROWSER and crowd.browser_hour > BROWSER_TIMES * expected
    return is_burst and not facts.domain.fits_affiliation


CIRCUMSTANCES: Mapping[Reason, Callable[[Facts], bool]] = {
    Reason.SAME_NAME: lambda facts: facts.same_name > 0,
    Reason.SAME_PERSON: lambda facts: facts.same_person > 0,
    Reason.THROWAWAY_DOMAIN: lambda facts: facts.domain.throwaway,
    Reason.MISTYPED_DOMAIN: lambda facts: facts.domain.mistyped,
    Reason.CROWDED_DOMAIN: lambda facts: facts.domain.strangers > max(STRANGERS, facts.domain.members),
    Reason.UNRELATED_DOMAIN: _is_unrelated,
    Reason.BOUNCED: lambda facts: facts.bounced,
    Reason.FAST: lambda facts: facts.seconds is not None and facts.seconds < SCANNER_SECONDS,
    Reason.UNPROVEN: lambda facts: facts.proven is False,
    Reason.NETWORK_BURST: _is_network_burst,
    Reason.NETWORK_SERIES: _is_network_series,
    Reason.BROWSER_BURST: _is_browser_burst,
    Reason.MANY_LETTERS: lambda facts: facts.other_letters >= LETTERS,
    Reason.DISOWNED_NEARBY: lambda facts: facts.disowned_nearby > 0,
    Reason.REPORTED: lambda facts: facts.reports > 0,
    Reason.BLOCK_RULE: lambda facts: facts.ruled,
}
