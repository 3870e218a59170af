"""Compare names as they are written, and as they look (UTS #39).

Our table of look-alike characters has the part of Unicode's table that can pass for Latin letters. A library for the
whole table, confusable_homoglyphs, loads a megabyte of JSON into each process, and was last released in January 2024.
"""

import re
from collections.abc import Iterable

from letters.moderator.signals.data_files import lines_of
from letters.moderator.signals.words import folded, words_in
from letters.shared.folding import without_marks

# Denial of service: the rest of a name is not compared.
MAX_NAME = 200
MAX_WORDS = 8
# Titles before and after a name. They do not make it another name.
TITLES = "dr prof sir mr mrs ms miss dame lord lady hon rev ing dott sig herr frau jr sr phd real official"
# Numerals and signs in place of letters, as in "3l0n Mu5k".
LEET = str.maketrans("0134578$@€", "oleastbsae")


def _looks_like() -> dict[int, str]:
    table = {
        ord(other): letter
        for letter, others in (line.split(" ") for line in lines_of("lookalikes.txt"))
        for other in others
    }
    # A lower-case letter counts as its upper-case one: Cyrillic en as H, because its capital looks like H.
    lower = {ord(chr(code).lower()): letter.lower() for code, letter in table.items() if len(chr(code).lower()) == 1}
    return lower | table


LOOKS_LIKE = _looks_like()
# One letter for all characters that look like a stroke, and one for all that look like a circle.
STROKES = str.maketrans({"i": "l", "1": "l", "|": "l", "!": "l", "0": "o"})
PAIRS = (("rn", "m"), ("vv", "w"))
# Double strokes stay, because "ll" looks like "li".
TWICE = re.compile(r"([^l])\1+")


def plain(name: str) -> str:
    """Return the name in lower case, without accents."""
    return folded(name[:MAX_NAME])


def skeleton(text: str) -> str:
    """Return a key for the look of a text: equal for texts that a reader would confuse."""
    text = text[:MAX_NAME]
    if not text.isascii():
        text = without_marks(text).translate(LOOKS_LIKE)
    shape = text.casefold().translate(LEET).translate(STROKES)
    for pair, one in PAIRS:
        shape = shape.replace(pair, one)
    return TWICE.sub(r"\1", shape)


def words_of(text: str) -> list[str]:
    return words_in(text)[:MAX_WORDS]


def _in_order(words: Iterable[str]) -> str:
    """Return a key that does not depend on the order of first and last name."""
    return " ".join(sorted(words))


def keys_of(words: list[str]) -> list[str]:
    """Return the keys of a name on the list: without initials and titles, if two words are left."""
    named = _named(words)
    return [_in_order(named if len(named) > 1 else words), *_together(words)]


def keys_within(words: list[str]) -> list[str]:
    """Return the keys of all names that a name contains: "Sir Elon R. Musk of Mars" contains "Elon Musk"."""
    named = _named(words)
    parts = [named[start : start + length] for length in (2, 3) for start in range(len(named) - length + 1)]
    return [_in_order(words), *map(_in_order, parts), *_together(words)]


def _named(words: list[str]) -> list[str]:
    return [word for word in words if (len(word) > 1 or not word.isascii()) and word not in _TITLES]


def _together(words: list[str]) -> list[str]:
    """Return the letters without spaces, for "ElonMusk" and "E l o n M u s k"."""
    together = "".join(words)
    return [f"={together}"] if len(together) >= LONG_ENOUGH else []


# Shorter names are also parts of words.
LONG_ENOUGH = 6
_TITLES = frozenset([*TITLES.split(), *skeleton(TITLES).split()])


class NameList:
    """Names of well-known people, found in constant time however many there are."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = list(names)
        self._plain = frozenset(key for name in listed for key in keys_of(words_of(plain(name))))
        self._shapes = frozenset(key for name in listed for key in keys_of(words_of(skeleton(name))))

    def has(self, words: list[str]) -> bool:
        """Return whether the list has the name as it is written. `words` come from `plain`."""
        return not self._plain.isdisjoint(keys_within(words))

    def resembles(self, words: list[str]) -> bool:
        """Return whether the list has a name that looks the same. `words` come from `skeleton`."""
        return not self._shapes.isdisjoint(keys_within(words))


# Latin letters, and the alphabets whose letters can pass for Latin ones.
LATIN = "A-Za-z\u00c0-\u024f"
OTHERS = "\u0370-\u03ff\u0400-\u052f\u0531-\u058f\u13a0-\u13ff"
MIXED = re.compile(rf"[{LATIN}][\u0300-\u036f]*[{OTHERS}]|[{OTHERS}][\u0300-\u036f]*[{LATIN}]")


def mixes_scripts(name: str) -> bool:
    return not name.isascii() and MIXED.search(name[:MAX_NAME]) is not None
