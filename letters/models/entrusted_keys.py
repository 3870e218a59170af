"""Find entrusted words without reading all: keys of the beginnings of their words, beside the ciphertext.

A key is a number from an HMAC, so nobody can compute it without ADDRESS_HASH_KEY. Privacy: someone who has a dump sees
which signatures of a letter share a key, so the keys are made to tell little. The letter is part of each, so that two
letters cannot be compared. Only beginnings of three lengths have one, and all beginnings in a letter share BUCKETS
keys, so that a rare name shares its keys with many others. Random keys fill up each row to a multiple of FILL, so that
the number of keys does not tell the number of words. A search therefore finds too many rows, and decrypts each to see.
See the threat model, "Names at rest".
"""

import re
import secrets
from collections.abc import Collection, Iterable

from letters.shared.folding import without_marks
from letters.shared.sealing import keyed_hash

LENGTHS = (2, 3, 5)
BUCKETS = 1024
FILL = 16
# Denial of service: a longer name has no more words that can be found.
MAX_WORDS = 20
WORD = re.compile(r"\w+")
APOSTROPHES = re.compile("['\u2018\u2019\u02b9-\u02bd\u02c8\u055a\u05f3\u201a\u201b\u2032`]")


def keys_of(letter_id: int, text: str) -> list[int]:
    """Return the keys to store for these words, in rising order, with random ones."""
    keys = {_key(letter_id, start) for word in words_of(text)[:MAX_WORDS] for start in _beginnings(word)}
    number = -(-max(len(keys), 1) // FILL) * FILL
    while len(keys) < number:
        keys.add(letter_id * BUCKETS + secrets.randbelow(BUCKETS))
    return sorted(keys)


def keys_to_find(letter_id: int, words: Iterable[str]) -> list[int]:
    """Return keys that every row of the letter has in which each of these words begins a word; [] for short ones."""
    parts = [part for word in words for part in words_of(word)]
    return sorted({_key(letter_id, start) for part in parts for start in _beginnings(part)})


def begin_words(text: str, words: Collection[str]) -> bool:
    """Return whether each of these words begins a word of the text. Case, marks and apostrophes do not matter."""
    parts = [part for word in words for part in words_of(word)]
    there = words_of(text)
    return bool(parts) and all(any(word.startswith(part) for word in there) for part in parts)


def words_of(text: str) -> list[str]:
    # Like letters_fold of the database, where O'Brien is two words.
    return WORD.findall(APOSTROPHES.sub(" ", without_marks(text).casefold()))


def _beginnings(word: str) -> list[str]:
    return [word[:length] for length in LENGTHS if len(word) >= length]


def _key(letter_id: int, start: str) -> int:
    digest = keyed_hash(f"beginning:{letter_id}:{start}".encode())
    return letter_id * BUCKETS + int.from_bytes(digest[:4]) % BUCKETS
