"""What counts as a wave: seeded series of ten-minute windows, as letters have them."""

from collections.abc import Callable, Sequence
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.moderator.attacks.waves import CALM_WINDOWS, Window, is_calm, sign_of_wave

DAY = 144
SEEDS = range(8)
Rate = Callable[[int], float]


def series(seed: int, windows: int, rate: Rate, doubtful: float = 0.02) -> list[Window]:
    """Return windows with a Poisson number of signatures, some of them doubtful."""
    chance = Random(seed)  # noqa: S311 -- a series to test with
    numbers = [poisson(chance, rate(at)) for at in range(windows)]
    return [Window(number, sum(chance.random() < doubtful for _ in range(number))) for number in numbers]


def at_rate(mean: float) -> Rate:
    return lambda _window: mean


def poisson(chance: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    number, product, least = 0, chance.random(), exp(-mean)
    while product > least:
        number, product = number + 1, product * chance.random()
    return number


def first_sign(past: Sequence[Window], wave: Sequence[Window]) -> tuple[int, str]:
    """Return in which window of the wave it was noticed, and by what."""
    for length in range(1, len(wave) + 1):
        if sign := sign_of_wave([*past, *wave[:length]]):
            return length, sign
    return 0, ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [0.05, 1, 20])
def test_a_letter_as_usual_is_quiet(seed: int, rate: float) -> None:
    past = series(seed, 5 * DAY, at_rate(rate))
    assert first_sign(past[: 4 * DAY], past[4 * DAY :]) == (0, "")


@pytest.mark.parametrize("seed", SEEDS)
def test_nights_and_days_are_quiet(seed: int) -> None:
    past = series(seed, 5 * DAY, lambda at: 15 if at % DAY > 48 else 0.5)
    assert first_sign(past[: 4 * DAY], past[4 * DAY :]) == (0, "")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_letter_that_spreads_without_doubt_is_no_attack(seed: int) -> None:
    """It doubles every hour, from two signatures in ten minutes to a thousand."""
    past = series(seed, 3 * DAY, at_rate(2))
    grows = series(seed + 100, 54, lambda at: 2 * 2 ** (at / 6))
    assert grows[-1].scored > 500
    assert first_sign(past, grows) == (0, "")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_botnet_with_doubtful_signatures_is_noticed_within_ten_minutes(seed: int) -> None:
    past, bots = series(seed, 5 * DAY, at_rate(3)), series(seed, 6, at_rate(100), doubtful=0.8)
    assert first_sign(past, bots) == (1, "doubt")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_botnet_without_doubtful_signatures_is_noticed_by_its_rate(seed: int) -> None:
    past, bots = series(seed, 5 * DAY, at_rate(3)), series(seed, 6, at_rate(200), doubtful=0)
    assert first_sign(past, bots) == (1, "rate")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slow_drip_is_noticed_within_a_day(seed: int) -> None:
    """One doubtful signature in ten minutes, beside three honest ones."""
    past = series(seed, 5 * DAY, at_rate(3), doubtful=0.01)
    drip = [Window(each.scored + 1, each.doubtful + 1) for each in series(seed, DAY, at_rate(3), doubtful=0.01)]
    when, sign = first_sign(past, drip)
    assert 12 <= when <= DAY
    assert sign == "doubt"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slower_drip_is_left_to_the_score(seed: int) -> None:
    """One doubtful signature an hour is not a wave. Each waits in the queue anyway."""
    past = series(seed, 5 * DAY, at_rate(3), doubtful=0.01)
    drip = [Window(3 + (at % 6 == 0), int(at % 6 == 0)) for at in range(DAY)]
    assert first_sign(past, drip) == (0, "")


@pytest.mark.parametrize("seed", SEEDS)
def test_an_earlier_wave_does_not_hide_the_next(seed: int) -> None:
    past = series(seed, 5 * DAY, at_rate(3))
    past[DAY : DAY + 60] = series(seed, 60, at_rate(100), doubtful=0.8)
    assert first_sign(past, series(seed, 6, at_rate(100), doubtful=0.8))[0] == 1


@pytest.mark.parametrize("number", [1, 5, 9])
def test_a_handful_of_doubtful_signatures_is_no_wave(number: int) -> None:
    assert sign_of_wave([Window()] * 5 * DAY + [Window(number, number)]) == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wave_is_over_only_when_there_is_far_less_than_began_it(seed: int) -> None:
    past, bots = series(seed, 5 * DAY, at_rate(3)), series(seed, 12, at_rate(100), doubtful=0.8)
    assert not is_calm([*past, *bots])
    between = [Window(9, 6)] * 6
    assert sign_of_wave([*past, *between]) in {"", "doubt"}
    assert not is_calm([*past, *bots, *between])
    after = series(seed + 1, 6 + CALM_WINDOWS, at_rate(3))
    assert is_calm([*past, *bots, *after])


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_wave_that_has_just_begun_is_not_over(honest: int, doubtful: int) -> None:
    windows = [*[Window(3, 0)] * DAY, Window(honest + doubtful, doubtful)]
    assert not (sign_of_wave(windows) and is_calm(windows))
