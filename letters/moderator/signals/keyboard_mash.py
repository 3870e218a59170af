"""Recognise names that someone made by hitting keys at random.

Real names may have very few vowels (Krč, Mkrtchyan, Gvrtskhvna) and come from any language. So this module asks whether
the letters follow each other as in some language. The files `letter_groups_….txt` have the groups of three letters that
occur in the names of countries, cities, languages and currencies, in all languages of CLDR with Latin or Cyrillic
letters. They contain no names of people. `python -m tests.signals.letter_groups` makes them. Words in other scripts are
not checked.
"""

import re
from base64 import b85decode
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from string import ascii_lowercase
from zlib import decompress

from letters.moderator.signals.data_files import lines_of
from letters.moderator.signals.words import folded

# Shorter words may be initials, or names such as Ng and Krč.
MIN_LENGTH = 4


@dataclass(frozen=True)
class Alphabet:
    """The letters of a script. In a mash, at least `unseen` groups, and `share` of all groups, occur in no language."""

    name: str
    letters: str
    unseen: int
    share: float
    min_length: int = MIN_LENGTH


# Letters that lose a mark, such as Cyrillic short i, are left out. CLDR has 300 languages in Latin letters and 20 in
# Cyrillic letters, so more real groups of Cyrillic letters are unknown.
ALPHABETS = [
    Alphabet("latin", ascii_lowercase, unseen=4, share=0.4),
    Alphabet(
        "cyrillic", "абвгдежзиклмнопрстуфхцчшщъыьэюяѕіјљњћџєђѓќґўғқҡңөүұһҳҷәҫҙҥӏӡҕҟҩ", unseen=5, share=0.7, min_length=6
    ),
]
# In short words in Latin letters, such as Pölzl and Yfke, all groups must be unseen.
UNSEEN_OF_FEW = 3
# Letters that can be the middle of a syllable, as the r in Krk is.
SONOROUS = frozenset("aeiouywrlаеиоуыэюяієрлъ")  # noqa: RUF001
MIDDLE_FROM = 5
# Nobody has a name with a longer word.
MAX_LENGTH = 40
EDGE = "^"
ROWS = ["qwertyuiop", "qwertzuiop", "azertyuiop", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"]
# Names may follow the rows above, as Wert does. No name follows these.
STRICT_ROWS = ["asdfghjkl", "yxcvbnm", "zxcvbnm", "qsdfghjklm"]
LETTERS = {each.name: frozenset(each.letters) for each in ALPHABETS}
# A walk along a row of keys has at least this many steps, and this share of the word.
WALKED, WALKED_SHARE = 3, 0.5
# One letter four times in a row, or a group of letters three times.
REPEATED = re.compile(r"([^\W\d_])\1{3}|([^\W\d_]{2,5}?)\2\2")
TWICE = re.compile(r"([^\W\d_]{3,5})\1")


def _walks(rows: list[str]) -> frozenset[str]:
    """Return all groups of three neighbouring keys, to the right and to the left."""
    compared = list(map(folded, rows))
    both = [*compared, *(row[::-1] for row in compared)]
    return frozenset(row[start : start + 3] for row in both for start in range(len(row) - 2))


STRICT_WALKS = _walks(STRICT_ROWS)
WALKS = _walks(ROWS) | STRICT_WALKS


@lru_cache(maxsize=2)
def _seen(alphabet: Alphabet) -> frozenset[str]:
    bits = decompress(b85decode("".join(lines_of(f"letter_groups_{alphabet.name}.txt"))))
    groups = map("".join, product(EDGE + alphabet.letters, repeat=3))
    return frozenset(group for place, group in enumerate(groups) if bits[place // 8] >> place % 8 & 1)


def has_mash(words: list[str]) -> bool:
    """Return whether one of the words, in lower case and without accents, was made by hitting keys."""
    return REPEATED.search(" ".join(words)) is not None or any(map(_is_mash, words))


def _is_mash(word: str) -> bool:
    if len(word) < MIN_LENGTH:
        return False
    if len(word) > MAX_LENGTH:
        return word.isascii()
    groups = groups_of(word)
    steps = groups[1:-1]
    if not WALKS.isdisjoint(steps) and _is_walk(word, steps):
        return True
    alphabet = next((each for each in ALPHABETS if LETTERS[each.name].issuperset(word)), None)
    return alphabet is not None and _is_unknown(word, groups, alphabet)


def _is_unknown(word: str, groups: list[str], alphabet: Alphabet) -> bool:
    """Return whether the word fits no language."""
    if len(word) >= MIDDLE_FROM and SONOROUS.isdisjoint(word):
        return True
    seen = _seen(alphabet)
    if seen.issuperset(groups):
        return False
    unseen = sum(group not in seen for group in groups)
    is_known = unseen < alphabet.unseen or unseen < alphabet.share * len(groups) or len(word) < alphabet.min_length
    is_short = alphabet is ALPHABETS[0] and unseen >= UNSEEN_OF_FEW and unseen == len(groups)
    return is_short or not is_known


def groups_of(word: str) -> list[str]:
    edged = f"{EDGE}{word}{EDGE}"
    return [edged[start : start + 3] for start in range(len(word))]


def _is_walk(word: str, steps: list[str]) -> bool:
    """Return whether the word follows a row of a keyboard: qwerty, asdf, qweqwe."""
    if STRICT_WALKS.issuperset(steps):
        return True
    walked = sum(step in WALKS for step in steps)
    again = TWICE.fullmatch(word)
    return (walked >= WALKED and walked >= WALKED_SHARE * len(steps)) or bool(again and again[1][:3] in WALKS)
