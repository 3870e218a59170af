"""Find out whether a wave of signatures has begun or is over. Pure functions: no table, no clock.

The statistic: the latest window is compared with the windows of the same length in the days before. Their usual number
is the median, and how much it varies is the median absolute deviation (MAD) times 1.4826, which is the standard
deviation of a normal distribution. Both stay the same if a few of the windows were unusual themselves. A floor keeps
quiet letters, whose median and deviation are zero, from alarms about a handful of signatures.

- Doubt: far more doubtful signatures than usual, and a far larger share. The last six hours are compared too, so that a
  slow drip is noticed within the day.
- Rate: far more signatures than usual, and several times as many as in any window of the hour before. A letter that
  spreads from person to person does not grow so fast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Sign = Literal["", "doubt", "rate"]

# Windows of ten minutes.
HOUR, SIX_HOURS = 6, 36
# This factor turns the MAD of normally distributed numbers into their standard deviation.
NORMAL = 1.4826
# Deviations above the usual number.
MUCH, FEW = 6.0, 3.0
# A wave has at least this many doubtful signatures, in a window as long as this many windows.
DOUBTFUL_FLOORS = {1: 10, SIX_HOURS: 20}
LEAST_SHARE, TIMES_SHARE = 0.1, 3.0
RATE_FLOOR, TIMES_HOUR = 60, 5
# The wave is over after this many windows with less than half of what begins one.
CALM_WINDOWS = 3


@dataclass(frozen=True)
class Window:
    """The number of signatures that were scored in ten minutes, and of the doubtful ones among them."""

    scored: int = 0
    doubtful: int = 0


def sign_of_wave(windows: Sequence[Window]) -> Sign:
    """Return the sign that a wave has begun; "" if there is none. `windows` covers the last days, oldest first."""
    if any(_is_doubtful(windows, length, floor, MUCH, 1.0) for length, floor in DOUBTFUL_FLOORS.items()):
        return "doubt"
    return "rate" if _is_sudden(windows) else ""


def is_calm(windows: Sequence[Window]) -> bool:
    """Return whether the latest window shows no wave any more. It is stricter than the absence of a sign.

    Hysteresis: with one threshold for both, a wave around it would begin and end every ten minutes.
    """
    if _is_doubtful(windows, HOUR, DOUBTFUL_FLOORS[1], FEW, 0.5):
        return False
    scored = [each.scored for each in windows]
    usual, spread = _usual(scored[:-1])
    return scored[-1] <= max(RATE_FLOOR / 2, usual + FEW * spread)


def _is_doubtful(windows: Sequence[Window], length: int, floor: int, deviations: float, part: float) -> bool:
    recent, before = windows[-length:], windows[:-length]
    doubtful, scored = sum(each.doubtful for each in recent), sum(each.scored for each in recent)
    # Windows of the same length, which do not overlap; the latest ends where the recent one begins.
    ends = range(len(before), length - 1, -length)
    usual, spread = _usual([sum(each.doubtful for each in before[end - length : end]) for end in ends])
    seen = sum(each.scored for each in before)
    share = sum(each.doubtful for each in before) / seen if seen else 0.0
    is_many = doubtful >= floor * part and doubtful > usual + deviations * spread
    return is_many and doubtful / scored >= part * max(LEAST_SHARE, min(TIMES_SHARE * share, 0.5))


def _is_sudden(windows: Sequence[Window]) -> bool:
    scored = [each.scored for each in windows]
    usual, spread = _usual(scored[:-1])
    hour_before = max(scored[-HOUR - 1 : -1], default=0)
    return scored[-1] >= RATE_FLOOR and scored[-1] > usual + MUCH * spread and scored[-1] > TIMES_HOUR * hour_before


def _usual(numbers: Sequence[int]) -> tuple[float, float]:
    """Return the usual number, and how much it varies, at least one."""
    if not numbers:
        return 0.0, 1.0
    usual = median(numbers)
    return usual, max(1.0, NORMAL * median(abs(number - usual) for number in numbers))
