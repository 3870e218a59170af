"""Read numbers from requests, and round numbers that reveal too much."""

from collections.abc import Sequence

# One more digit would not fit into every column of numbers.
MAX_DIGITS = 9
STEP = 10


def read_number(text: str) -> int | None:
    """Return a number of at most MAX_DIGITS digits from the query of a URL or a form; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def in_tens(number: int) -> int:
    """Round down to a multiple of ten.

    Privacy: a number that changes by one tells a person who watches it about one signer.
    """
    return number // STEP * STEP


def up_to_step(number: float, steps: Sequence[int]) -> int:
    """Round up to the next of a few steps, or to the last one.

    Privacy: someone who knows when a person did something could recognize the person in an exact number.
    """
    return next((step for step in steps if number <= step), steps[-1])
