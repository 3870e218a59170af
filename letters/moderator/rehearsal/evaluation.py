"""Measure how well the scorer tells fakes from honest signatures. Nothing is written."""

import random
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from letters.moderator.rehearsal.arrivals import REAL, Arrival, Site
from letters.moderator.rehearsal.fakes import fake
from letters.moderator.rehearsal.people import World, honest
from letters.moderator.signals.reasons import HOLD_FROM
from letters.moderator.signals.scoring import Verdict, score
from letters.moderator.signals.word_lists import Lists, make_lists

# A moderator who reads this share of the queue has seen the fakes, if the order is good.
FIRST = 0.05


def make_arrivals(*, signatures: int, fakes: int, seed: int) -> list[Arrival]:
    """Return invented signatures in the order in which they arrive. The same seed makes the same ones."""
    chance = random.Random(seed)  # noqa: S311 -- an invention, to be repeated
    world = World(chance)
    people = honest(signatures - fakes, chance, world)
    return sorted([*people, *fake(fakes, chance, world, people)], key=lambda each: (each.at, each.name))


@dataclass(frozen=True)
class Scored:
    arrival: Arrival
    verdict: Verdict

    @property
    def held(self) -> bool:
        return self.verdict.score >= HOLD_FROM


@lru_cache(maxsize=1)
def shipped_lists() -> Lists:
    return make_lists()


def score_all(arrivals: list[Arrival], *, foresight: bool = True) -> list[Scored]:
    """Return the queue: the highest score first, then the oldest."""
    lists = shipped_lists()
    site = Site(arrivals, lists)
    scored = [Scored(each, score(site.facts_of(each, foresight=foresight), lists)) for each in arrivals]
    return sorted(scored, key=lambda each: (-each.verdict.score, each.arrival.at))


def evaluate(*, signatures: int, fakes: int, seed: int) -> dict[str, Any]:
    """Return the shares that matter, and a table by kind.

    `at_confirmation` uses only what had arrived before each signature. The other shares count a burst when it is
    complete, as the queue does: it scores again while the keys of the hashes exist.
    """
    arrivals = make_arrivals(signatures=signatures, fakes=fakes, seed=seed)
    queue = score_all(arrivals)
    return {
        "seed": seed,
        "signatures": signatures,
        "fakes": fakes,
        "hold_from": HOLD_FROM,
        **_shares(queue),
        "at_confirmation": _shares(score_all(arrivals, foresight=False)),
        "kinds": _table(queue),
        "reasons_of_held_real": dict(
            Counter(
                str(reason)
                for each in queue
                if each.held and each.arrival.kind == REAL
                for reason in each.verdict.reasons
            )
        ),
    }


def _shares(queue: list[Scored]) -> dict[str, float]:
    first = queue[: int(len(queue) * FIRST)]
    fakes = [each for each in queue if each.arrival.kind != REAL]
    real = [each for each in queue if each.arrival.kind == REAL]
    return {
        "recall_first_5_percent": _share(sum(each.arrival.kind != REAL for each in first), len(fakes)),
        "fakes_held": _share(sum(each.held for each in fakes), len(fakes)),
        "real_held": _share(sum(each.held for each in real), len(real)),
    }


def _table(queue: list[Scored]) -> dict[str, dict[str, int]]:
    first = set(map(id, queue[: int(len(queue) * FIRST)]))
    table: dict[str, dict[str, int]] = {}
    for each in queue:
        row = table.setdefault(each.arrival.kind, {"all": 0, "in_first_5_percent": 0, "held": 0, "published": 0})
        row["all"] += 1
        row["in_first_5_percent"] += id(each) in first
        row["held" if each.held else "published"] += 1
    return dict(sorted(table.items()))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
