"""Read the lists that the site begins with."""

from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parent / "data"


def lines_of(name: str) -> Iterator[str]:
    """Yield the lines of a file, without comments and empty lines."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def entries_of(name: str) -> Iterator[tuple[str, str]]:
    """Yield (language, word) from a file. Each line has a language, a space, and words separated by commas."""
    for line in lines_of(name):
        language, _, words = line.partition(" ")
        for word in words.split(","):
            yield language, word.strip()
