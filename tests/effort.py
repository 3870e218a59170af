"""Measure work independently of the load of the machine."""

import time
from collections.abc import Callable

# About a twentieth of a second on a current machine.
STEPS = 1_000_000


def effort(work: Callable[[], object]) -> float:
    """Return the least processor time of three runs of the work, in multiples of counting to STEPS before and after.

    Processor time alone says little: where other processes use the memory, everything takes twice as long, and coverage
    slows the work, not the counting. So limits leave room for that; what grows with the square of a text passes them
    anyway.
    """
    return min(_effort_once(work) for _ in range(3))


def _effort_once(work: Callable[[], object]) -> float:
    before = _taken(_count)
    taken = _taken(work)
    return taken / max(before, _taken(_count))


def _taken(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _count() -> None:
    number = 0
    while number < STEPS:
        number += 1
