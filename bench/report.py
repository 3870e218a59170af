"""Measure each kind of load in turns with its limit, and collect the lines of the report."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

from bench.load import Volley

WARM_UP_SECONDS = 0.5
SLOW_EMAIL = "signing, mail server takes 2 s"
# Targets, in percent of the limit.
AIMS = {
    "letter page": 80,
    "signing": 50,
    "tile of a log": 80,
    "emails": 70,
    "emails, server takes 10 ms": 70,
    SLOW_EMAIL: 100,
}
# If the generator is busy for more than this share of the time, it may be what is measured.
TOO_BUSY = 0.9
# The width of the table's first column.
NAMES = 36

Shoot = Callable[[float], Volley]


@dataclass
class Series:
    """The volleys of one kind, one for each round."""

    volleys: list[Volley] = field(default_factory=list)

    @property
    def failures(self) -> Counter[str]:
        return sum((volley.failures for volley in self.volleys), Counter())

    @property
    def rate(self) -> float | None:
        """Return the rate of the median round; None if any answer was wrong."""
        return None if self.failures else median(volley.rate for volley in self.volleys)

    @property
    def cpu_milliseconds(self) -> float:
        """Return the processor time of servers and database for one request. Other processes hardly affect it."""
        return median(1000 * volley.cpu_each for volley in self.volleys)

    def cpu_share_of(self, limit: "Series") -> float | None:
        """Compare processor time for each request."""
        if self.failures or limit.failures or not self.cpu_milliseconds:
            return None
        return 100 * limit.cpu_milliseconds / self.cpu_milliseconds

    def share_of(self, limit: "Series") -> float | None:
        """Return the median percentage of the limit, compared within rounds, in which both had the same neighbours."""
        if self.failures or limit.failures:
            return None
        return median(100 * own.rate / most.rate for own, most in zip(self.volleys, limit.volleys, strict=True))


def in_turns(shoots: Mapping[str, Shoot], *, rounds: int, seconds: float) -> dict[str, Series]:
    """Measure each kind once a round, so that other processes disturb all kinds alike."""
    series = {name: Series() for name in shoots}
    for shoot in shoots.values():
        shoot(WARM_UP_SECONDS)
    for _ in range(rounds):
        for name, shoot in shoots.items():
            series[name].volleys.append(shoot(seconds))
    return series


@dataclass
class Report:
    """The table, and the same as JSON."""

    lines: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def compare(self, name: str, own: Series, limit: Series) -> None:
        share, cpu_share = own.share_of(limit), own.cpu_share_of(limit)
        aim = f"   aim {AIMS[name]} %" if name in AIMS else ""
        self.lines.append(
            f"{name:<{NAMES}}{whole(own.rate):>11}{whole(limit.rate):>9}{percent(share):>8}"
            f"{own.cpu_milliseconds:>11.2f}{limit.cpu_milliseconds:>9.2f}{percent(cpu_share):>8}{aim}"
        )
        self.note(name, own, share)

    def note(self, name: str, series: Series, share: float | None = None) -> None:
        busy = max(volley.busy for volley in series.volleys)
        self.figures[name] = {
            "per_second": series.rate,
            "percent_of_limit": share,
            "rounds": [volley.rate for volley in series.volleys],
            "cpu_milliseconds": series.cpu_milliseconds,
            "bytes": series.volleys[-1].size,
            "generator_busy": busy,
        }
        self.failures += [f"{name}: {what} ({times} times)" for what, times in series.failures.items()]
        if busy > TOO_BUSY:
            self.failures.append(f"{name}: the generator was busy {busy:.0%} of the time; the figure may be its own")


def whole(value: float | None) -> str:
    return "failed" if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    return "failed" if value is None else f"{value:.0f} %"
