"""How sure a share is that was measured in a sample."""

from math import sqrt

# Of the standard normal distribution, for 95 %.
Z = 1.959963984540054


def wilson(found: int, sample: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927, without continuity correction).

    Source: R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17
    (1998), method 3. It stays between 0 and 1, and has a width even if nothing was found. Raises ValueError for an
    empty sample.
    """
    if not 0 <= found <= sample or sample == 0:
        raise ValueError(f"There is no share of {found} in {sample}.")
    share, square = found / sample, Z * Z
    middle = share + square / (2 * sample)
    spread = Z * sqrt(share * (1 - share) / sample + square / (4 * sample * sample))
    width = 1 + square / sample
    # The arithmetic can miss the ends by a rounding error.
    low = 0.0 if found == 0 else (middle - spread) / width
    high = 1.0 if found == sample else (middle + spread) / width
    return low, high
