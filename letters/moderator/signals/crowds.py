"""Count events that happened close together."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def most_within(times: Sequence[float], moment: float, length: float) -> int:
    """Count sorted times within `length` before, around or after the moment. Return the highest of the three counts."""
    half = length / 2
    return max(
        count_before(times, moment, length),
        bisect_right(times, moment + half) - bisect_left(times, moment - half),
        bisect_right(times, moment + length) - bisect_left(times, moment),
    )


def count_before(times: Sequence[float], moment: float, length: float) -> int:
    return bisect_right(times, moment) - bisect_left(times, moment - length)
