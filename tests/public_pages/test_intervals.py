"""The interval of an error rate is the one in the literature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.public.public_pages.intervals import wilson


# Newcombe (1998), table I, method 3: "Score, without continuity correction".
@pytest.mark.parametrize(
    ("found", "sample", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_it_gives_the_published_values(found: int, sample: int, low: float, high: float) -> None:
    assert wilson(found, sample) == pytest.approx((low, high), abs=0.00005)


def test_three_of_two_hundred() -> None:
    assert wilson(3, 200) == pytest.approx((0.0051, 0.0432), abs=0.0001)


@given(st.integers(1, 10_000).flatmap(lambda sample: st.tuples(st.integers(0, sample), st.just(sample))))
def test_it_holds_the_share_and_mirrors(counts: tuple[int, int]) -> None:
    found, sample = counts
    low, high = wilson(found, sample)
    assert 0 <= low <= found / sample <= high <= 1
    assert low < high
    assert wilson(sample - found, sample) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize(("found", "sample"), [(0, 0), (2, 1), (-1, 5)])
def test_there_is_no_share_of_nothing(found: int, sample: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(found, sample)
