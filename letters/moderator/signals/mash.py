"""Recognise names that someone made by hitting keys at random.

Real names may have very few vowels (Krč, Mkrtchyan, Gvrtskhvna) and come from any language. So we ask whether the
letters follow each other as they do in some language: `letter_groups_….txt` have the groups of three letters that occur
in the names of countries, cities, languages and currencies, in all languages of CLDR that use Latin or Cyrillic
letters. They have no names of people. `python -m tests.signals.letter_groups` makes them. Other scripts pass.
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

# Shorter words are initials, and names such as Ng and Krč.
SHORTEST = 4


@dataclass(frozen=True)
class Alphabet:
    """A word is a mash if so many of its groups occur in no language: at least this number, and this share."""

    name: str
    letters: str
    unseen: int
    share: float
    shortest: int = SHORTEST


# Without letters that lose a mark, such as Cyrillic short i. CLDR has 300 languages in Latin letters and 20 in Cyrillic
# ones, so there more real groups are unknown.
ALPHABETS = [
    Alphabet("latin", ascii_lowercase, unseen=4, share=0.4),
    Alphabet(
        "cyrillic", "абвгдежзиклмнопрстуфхцчшщъыьэюяѕіјљњћџєђѓќґўғқҡңөүұһҳҷәҫҙҥӏӡҕҟҩ", unseen=5, share=0.7, shortest=6
    ),
]
# Of short words in Latin letters, such as Pölzl and Yfke, all must be unseen.
UNSEEN_OF_FEW = 3
# Letters that can be the middle of a syllable. Strč and Krk have one.
SONOROUS = frozenset("aeiouywrlаеиоуыэюяієрлъ")  # noqa: RUF001
MIDDLE_FROM = 5
# Someone may sign with initials or a rare name, but nobody has a longer word.
LONGEST = 40
EDGE = "^"
ROWS = ["qwertyuiop", "qwertzuiop", "azertyuiop", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"]
# Names have walks along the rows above, such as Wert. They have none along these.
STRICT_ROWS = ["asdfghjkl", "yxcvbnm", "zxcvbnm", "qsdfghjklm"]
LETTERS = {each.name: frozenset(each.letters) for each in ALPHABETS}
# So many neighbouring keys in a row, and such a share of the word.
WALKED, WALKED_SHARE = 3, 0.5
# One letter four times, or a few letters three times.
REPEATED = re.compile(r"([^\W\d_])\1{3}|([^\W\d_]{2,5}?)\2\2")
TWICE = re.compile(r"([^\W\d_]{3,5})\1")


def _walks(rows: list[str]) -> frozenset[str]:
    """Return each three neighbouring keys, to the right and to the left."""
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
    """Tell whether one of the words, in lower case and without accents, was made by hitting keys."""
    return REPEATED.search(" ".join(words)) is not None or any(map(_is_mash, words))


def _is_mash(word: str) -> bool:
    if len(word) < SHORTEST:
        return False
    if len(word) > LONGEST:
        return word.isascii()
    groups = groups_of(word)
    steps = groups[1:-1]
    if not WALKS.isdisjoint(steps) and _is_walk(word, steps):
        return True
    alphabet = next((each for each in ALPHABETS if LETTERS[each.name].issuperset(word)), None)
    return alphabet is not None and _is_unknown(word, groups, alphabet)


def _is_unknown(word: str, groups: list[str], alphabet: Alphabet) -> bool:
    """Tell whether no language would have the word."""
    if len(word) >= MIDDLE_FROM and SONOROUS.isdisjoint(word):
        return True
    seen = _seen(alphabet)
    if seen.issuperset(groups):
        return False
    unseen = sum(group not in seen for group in groups)
    is_known = unseen < alphabet.unseen or unseen < alphabet.share * len(groups) or len(word) < alphabet.shortest
    is_short = alphabet is ALPHABETS[0] and unseen >= UNSEEN_OF_FEW and unseen == len(groups)
    return is_short or not is_known


def groups_of(word: str) -> list[str]:
    edged = f"{EDGE}{word}{EDGE}"
    return [edged[start : start + 3] for start in range(len(word))]


def _is_walk(word: str, steps: list[str]) -> bool:
    """Tell whether the word goes along a row of a keyboard: qwerty, asdf, qweqwe."""
    if STRICT_WALKS.issuperset(steps):
        return True
    walked = sum(step in WALKS for step in steps)
    again = TWICE.fullmatch(word)
    return (walked >= WALKED and walked >= WALKED_SHARE * len(steps)) or bool(again and again[1][:3] in WALKS)
