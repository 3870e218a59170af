"""Measure the processor time of scoring a signature, compared with the time that the form takes to clean its words."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from letters.moderator.rehearsal.arrivals import Site
from letters.moderator.rehearsal.evaluation import make_arrivals, shipped_lists
from letters.moderator.signals.scoring import Facts, score
from letters.shared.text import clean_line

SIGNATURES, ROUNDS = 2000, 5


@dataclass(frozen=True)
class Scoring:
    """Milliseconds of processor time for one signature."""

    milliseconds: float
    # Cleaning the words of the same signatures, as the form does.
    cleaning: float


def measure_scoring() -> Scoring:
    lists = shipped_lists()
    arrivals = make_arrivals(signatures=SIGNATURES, fakes=SIGNATURES // 50, seed=1)
    site = Site(arrivals, lists)
    facts = [site.facts_of(arrival) for arrival in arrivals]
    scored, cleaned = [], []
    for _ in range(ROUNDS):
        scored.append(_milliseconds(lambda each: score(each, lists), facts))
        cleaned.append(_milliseconds(_clean, facts))
    return Scoring(median(scored), median(cleaned))


def _clean(facts: Facts) -> None:
    for text in (facts.name, facts.affiliation, facts.role, facts.comment):
        clean_line(text)


def _milliseconds(action: Callable[[Facts], object], facts: list[Facts]) -> float:
    begun = time.process_time()
    for each in facts:
        action(each)
    return 1000 * (time.process_time() - begun) / len(facts)
