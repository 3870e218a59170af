"""Count what happened close together."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def most_within(times: Sequence[float], moment: float, length: float) -> int:
    """Count the sorted times in this length of time: before, around or after the moment, whichever is most."""
    half = length / 2
    return max(
        count_before(times, moment, length),
        bisect_right(times, moment + half) - bisect_left(times, moment - half),
        bisect_right(times, moment + length) - bisect_left(times, moment),
    )


def count_before(times: Sequence[float], moment: float, length: float) -> int:
    return bisect_right(times, moment) - bisect_left(times, moment - length)
