"""The lists with which signatures are compared: the shipped files, with what staff added and removed."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from letters.moderator.signals.data_files import entries_of, lines_of
from letters.moderator.signals.name_keys import NameList
from letters.moderator.signals.words import folded, words_in
from letters.shared.lookalikes import LEET

# The length of the longest phrase on a list, in words.
MAX_PHRASE = 4
# Denial of service: the rest of a text is not compared. The form accepts no more in all fields together.
MAX_TEXT = 1600
# The words of these languages are not separated by spaces: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
NOT_WORD = re.compile(r"[\W_]+")
SIGNS = frozenset("@$€")
MASKED = re.compile(r"[^\W_]+\*[^\W_]*")


@dataclass(frozen=True)
class Text:
    """A text that is ready to be compared."""

    folded: str
    words: list[str]

    @classmethod
    def of(cls, text: str) -> "Text":
        bounded = folded(text[:MAX_TEXT])
        return cls(bounded, words_in(bounded))


class Words:
    """Words and phrases, found in constant time however many there are."""

    def __init__(self, words: Iterable[str]) -> None:
        phrases = (tuple(words_in(folded(word))[:MAX_PHRASE]) for word in words)
        self._phrases = frozenset(phrase for phrase in phrases if phrase)
        self._words = frozenset(phrase[0] for phrase in self._phrases if len(phrase) == 1)
        longer = [phrase for phrase in self._phrases if len(phrase) > 1]
        # The lengths of phrases, by their first word.
        self._lengths = {first: {len(each) for each in longer if each[0] == first} for first, *_ in longer}
        self._unspaced = frozenset(word for word in self._words if UNSPACED.search(word))
        self._unspaced_lengths = sorted(set(map(len, self._unspaced)))
        self._masked = frozenset(
            f"{word[:place]}*{word[place + 1 :]}"
            for word in self._words
            if len(word) > 3
            for place in range(1, len(word))
        )

    def found_in(self, text: Text) -> set[str]:
        """Return the words and phrases of the list that a text contains."""
        found = self._words.intersection(text.words)
        for first in self._lengths.keys() & set(text.words):
            found |= self._phrases_from(first, text.words)
        return {*found, *self._unspaced_in(text.folded)}

    def _phrases_from(self, first: str, words: list[str]) -> set[str]:
        return {
            " ".join(words[start : start + length])
            for start, word in enumerate(words)
            if word == first
            for length in self._lengths[first]
            if tuple(words[start : start + length]) in self._phrases
        }

    def _unspaced_in(self, text: str) -> set[str]:
        if text.isascii() or not self._unspaced:
            return set()
        return {
            part
            for run in UNSPACED.findall(text)
            for length in self._unspaced_lengths
            for start in range(len(run) - length + 1)
            if (part := run[start : start + length]) in self._unspaced
        }

    def disguised_in(self, text: Text) -> bool:
        """Return whether a text contains a disguised word of the list: f.u.c.k, sh1t, f*ck."""
        if "*" in text.folded and not self._masked.isdisjoint(MASKED.findall(text.folded)):
            return True
        return not self._words.isdisjoint([*_with_numerals(text.folded), *_spelled_out(text.words)])


def _with_numerals(text: str) -> Iterator[str]:
    """Yield the words with numerals or signs, after replacing these with the letters that they look like."""
    if SIGNS.isdisjoint(text) and not any(map(str.isdigit, text)):
        return
    for word in text.split():
        if not word.isalpha() and not word.isdigit():
            as_letters = NOT_WORD.sub("", word.translate(LEET))
            yield as_letters
            yield as_letters.replace("l", "i")


def _spelled_out(words: list[str]) -> Iterator[str]:
    """Yield each run of three or more single letters as one word."""
    if list(map(len, words)).count(1) < 3:
        return
    for is_letter, run in groupby(words, key=lambda word: len(word) == 1):
        if is_letter and len(letters := list(run)) > 2:
            yield "".join(letters)


@dataclass(frozen=True)
class Lists:
    """The lists with which the scorer compares signatures. They never change, so threads can share them."""

    watched: NameList
    abusive: Words
    advertising: Words
    throwaway: frozenset[str] = field(default=frozenset())
    # Domains that the site begins with as disposable, and does not call so.
    trusted: frozenset[str] = field(default=frozenset())


NONE: frozenset[str] = frozenset()


def make_lists(
    *,
    names: Collection[str] = NONE,
    abusive: Collection[str] = NONE,
    advertising: Collection[str] = NONE,
    throwaway: Collection[str] = NONE,
    removed: Collection[str] = NONE,
) -> Lists:
    """Return the shipped lists with what staff added, and without what they removed."""
    gone = set(map(comparable, removed))
    kept = {name: [each for each in listed if comparable(each) not in gone] for name, listed in shipped().items()}
    return Lists(
        watched=NameList([*kept["watched"], *names]),
        abusive=Words([*kept["abusive"], *abusive]),
        advertising=Words([*kept["advertising"], *advertising]),
        throwaway=frozenset(each.lower() for each in throwaway),
        trusted=frozenset(each.lower() for each in removed),
    )


def comparable(entry: str) -> str:
    """Return the form in which entries are compared: in lower case, without accents and signs."""
    return " ".join(words_in(folded(entry[:MAX_TEXT])))


@lru_cache(maxsize=1)
def shipped() -> dict[str, list[str]]:
    """Return the lists that the site begins with."""
    return {
        "watched": list(lines_of("watched_names.txt")),
        "abusive": [word for _, word in entries_of("abusive_words.txt")],
        "advertising": [word for _, word in entries_of("advertising_words.txt")],
    }
