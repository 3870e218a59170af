"""Compare names as they are written, and as they look (letters/shared/lookalikes.py)."""

import re
from collections.abc import Iterable

from letters.moderator.signals.words import folded, words_in
from letters.shared.lookalikes import skeleton

# Denial of service: the rest of a name is not compared.
MAX_NAME = 200
MAX_WORDS = 8
# Titles before and after a name. They do not make it another name.
TITLES = "dr prof sir mr mrs ms miss dame lord lady hon rev ing dott sig herr frau jr sr phd real official"


def plain(name: str) -> str:
    """Return the name in lower case, without accents."""
    return folded(name[:MAX_NAME])


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
