"""Read numbers from requests, and round numbers that reveal too much."""

from collections.abc import Sequence

# One more digit would not fit into every column of numbers. Ids can be longer.
MAX_DIGITS, MAX_DIGITS_OF_ID = 9, 18
STEP = 10


def read_number(text: str, *, max_digits: int = MAX_DIGITS) -> int | None:
    """Return the number in a form, a URL or the name of a file; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= max_digits else None


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
