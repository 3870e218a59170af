"""How much work something is, whatever the machine has to do meanwhile."""

import time
from collections.abc import Callable

# About a twentieth of a second's work on a machine of today.
STEPS = 1_000_000


def effort(work: Callable[[], object]) -> float:
    """The processor time that it takes, in times that of counting to STEPS, just before and just after.

    Processor time alone tells little: where others keep the machine's memory busy, all takes twice as long.
    """
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
