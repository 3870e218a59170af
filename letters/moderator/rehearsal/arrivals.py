"""An invented signature as it arrives, and the facts that the site would know: the scorer gets nothing else."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from operator import attrgetter

from letters.moderator.signals.affiliations import fits
from letters.moderator.signals.crowds import count_before, most_within
from letters.moderator.signals.scoring import Crowd, DomainFacts, Facts
from letters.moderator.signals.word_lists import Lists, comparable
from letters.shared.address_typos import likely_meant
from letters.shared.domains import is_disposable, is_private, registrable

HOUR, WEEK = 3600.0, 7 * 86400.0
REAL = "real"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    name: str
    domain: str
    # The network prefix and the type of browser. A live site keeps neither, only a keyed hash that expires.
    network: str
    browser: str
    # Seconds from the opening of the letter to the signing, and from the signing to the confirmation.
    at: float
    seconds: float
    affiliation: str = ""
    role: str = ""
    comment: str = ""
    mailbox: str = "someone"
    by_code: bool = False
    proven: bool | None = None
    bounced: bool = False
    other_letters: int = 0
    disowned: bool = False
    # Only for the evaluation: the facts do not contain it.
    kind: str = REAL


class Times:
    """The times of arrivals, by a key."""

    def __init__(self, arrivals: Iterable[Arrival], key: Callable[[Arrival], Hashable]) -> None:
        self._key = key
        self._times: dict[Hashable, list[float]] = defaultdict(list)
        for arrival in sorted(arrivals, key=attrgetter("at")):
            self._times[key(arrival)].append(arrival.at)

    def around(self, arrival: Arrival, length: float, *, foresight: bool) -> int:
        """Count arrivals with the same key in this length of time: before, around or after this one, whichever is most.

        Without `foresight`, count only earlier arrivals: that is what the site knows at once.
        """
        times = self._times[self._key(arrival)]
        count = most_within if foresight else count_before
        return count(times, arrival.at, length)

    def before(self, arrival: Arrival) -> int:
        return bisect_left(self._times[self._key(arrival)], arrival.at)


class Site:
    """The counts of the site for one letter."""

    def __init__(self, arrivals: list[Arrival], lists: Lists) -> None:
        self._lists = lists
        self._all = Times(arrivals, lambda _: "")
        self._networks = Times(arrivals, lambda each: each.network)
        self._pairs = Times(arrivals, lambda each: (each.network, each.browser))
        self._browsers = Times(arrivals, lambda each: each.browser)
        self._shares = Counter(each.browser for each in arrivals)
        self._number = len(arrivals)
        self._names = Times(arrivals, _name)
        self._people = Times(arrivals, _person)
        self._strangers = Counter(registrable(each.domain) for each in arrivals if self._is_stranger(each))
        self._members = Counter(registrable(each.domain) for each in arrivals if _fits(each))
        self._disowned = Counter(each.network for each in arrivals if each.disowned)

    def facts_of(self, arrival: Arrival, *, foresight: bool = True) -> Facts:
        return Facts(
            name=arrival.name,
            affiliation=arrival.affiliation,
            role=arrival.role,
            comment=arrival.comment,
            domain=self._domain(arrival),
            crowd=self._crowd(arrival, foresight=foresight),
            seconds=arrival.seconds,
            proven=arrival.proven,
            bounced=arrival.bounced,
            same_name=self._names.before(arrival),
            same_person=self._people.before(arrival) if arrival.affiliation else 0,
            other_letters=arrival.other_letters,
            disowned_nearby=self._disowned[arrival.network],
        )

    def _domain(self, arrival: Arrival) -> DomainFacts:
        domain = registrable(arrival.domain)
        listed = domain in self._lists.throwaway
        return DomainFacts(
            throwaway=listed or (is_disposable(arrival.domain) and domain not in self._lists.trusted),
            mistyped=bool(likely_meant(f"{arrival.mailbox}@{arrival.domain}")),
            private=is_private(arrival.domain),
            fits_affiliation=_fits(arrival),
            strangers=self._strangers[domain] if self._is_stranger(arrival) else 0,
            members=self._members[domain],
        )

    def _is_stranger(self, arrival: Arrival) -> bool:
        return not is_private(arrival.domain) and not _fits(arrival)

    def _crowd(self, arrival: Arrival, *, foresight: bool) -> Crowd:
        def count(times: Times, length: float) -> int:
            return times.around(arrival, length, foresight=foresight)

        return Crowd(
            network_hour=count(self._networks, HOUR),
            pair_hour=count(self._pairs, HOUR),
            network_week=count(self._networks, WEEK),
            pair_week=count(self._pairs, WEEK),
            letter_hour=count(self._all, HOUR),
            browser_hour=count(self._browsers, HOUR),
            browser_share=self._shares[arrival.browser] / self._number,
        )


def _name(arrival: Arrival) -> str:
    return comparable(arrival.name)


def _person(arrival: Arrival) -> tuple[str, str]:
    return comparable(arrival.name), comparable(arrival.affiliation)


def _fits(arrival: Arrival) -> bool:
    return not is_private(arrival.domain) and fits(arrival.affiliation, arrival.domain)
