"""The lines of a ledger: how they are written and read. Pure: no database and no settings.

Each is one line of ASCII. Privacy: no entry holds a moment, a country, a name, or who can see the name.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

FORMAT = "undersigned/1"
# The language of a signature without a public name, and of each signature while the letter has few.
NO_LANGUAGE = "-"
# From so many counted signatures on, entries say in which language people signed.
LANGUAGES_FROM = 50
# Why a signature was removed. Privacy: the public list says no more about a single number.
BY_MODERATOR = "moderator"


class Verb(StrEnum):
    """What an entry says."""

    BEGIN = "begin"
    TEXT = "text"
    PUBLISH = "publish"
    WORDS = "words"
    CARRY = "carry"
    WITHDRAW = "withdraw"
    REMOVE = "remove"
    RESTORE = "restore"
    COUNTS = "counts"


# What follows each verb.
_NUMBER, _HASH = "[1-9][0-9]{0,9}", "[0-9a-f]{64}"
PATTERNS: dict[str, re.Pattern[str]] = {
    verb: re.compile(pattern)
    for verb, pattern in {
        Verb.BEGIN: r"\S+( existing| continues \S+ [0-9]+ \S+)?",
        Verb.TEXT: rf"{_NUMBER} [A-Za-z0-9-]+ {_HASH}",
        Verb.PUBLISH: rf"{_NUMBER} {_NUMBER} [A-Za-z0-9-]+ {_HASH}",
        Verb.WORDS: rf"{_NUMBER} {_HASH}",
        Verb.CARRY: rf"{_NUMBER} {_NUMBER}",
        Verb.WITHDRAW: _NUMBER,
        Verb.REMOVE: rf"{_NUMBER} {BY_MODERATOR}",
        Verb.RESTORE: _NUMBER,
        Verb.COUNTS: r"[0-9]+( [0-9]+){4}",
    }.items()
}


@dataclass(frozen=True)
class Entry:
    """One entry that was read: its verb, and what follows."""

    verb: Verb
    parts: tuple[str, ...]

    @property
    def number(self) -> int:
        """Return the sequence number, for entries about a single signature."""
        return int(self.parts[0])


def read(data: str) -> Entry:
    """Return what an entry says. Raises ValueError for a line that is none of ours."""
    marker, _, said = data.partition(" ")
    verb, _, more = said.partition(" ")
    pattern = PATTERNS.get(verb)
    if marker != FORMAT or not data.isascii() or pattern is None or not pattern.fullmatch(more):
        raise ValueError("This is no entry of a ledger")
    return Entry(Verb(verb), tuple(more.split(" ")))


def begin(origin: str, *, is_existing: bool = False) -> str:
    return _line(Verb.BEGIN, origin, *(["existing"] if is_existing else []))


def begin_again(origin: str, *, old_origin: str, size: int, root: str) -> str:
    """Return the first entry of a log that continues another one, which was closed with this size and root."""
    return _line(Verb.BEGIN, origin, "continues", old_origin, size, root)


def text(revision_number: int, language: str, sha256: bytes) -> str:
    return _line(Verb.TEXT, revision_number, language, sha256.hex())


def publish(number: int, revision_number: int, language: str, commitment: bytes) -> str:
    return _line(Verb.PUBLISH, number, revision_number, language or NO_LANGUAGE, commitment.hex())


def words(number: int, commitment: bytes) -> str:
    return _line(Verb.WORDS, number, commitment.hex())


def carry(number: int, revision_number: int) -> str:
    return _line(Verb.CARRY, number, revision_number)


def withdraw(number: int) -> str:
    return _line(Verb.WITHDRAW, number)


def remove(number: int) -> str:
    return _line(Verb.REMOVE, number, BY_MODERATOR)


def restore(number: int) -> str:
    return _line(Verb.RESTORE, number)


def counts(published: int, awaiting_signer: int, awaiting_moderator: int, withdrawn: int, removed: int) -> str:
    """Return the counts as the letter's page shows them: those that wait, in tens."""
    return _line(Verb.COUNTS, published, awaiting_signer, awaiting_moderator, withdrawn, removed)


def _line(verb: Verb, *parts: object) -> str:
    line = " ".join([FORMAT, verb, *map(str, parts)])
    # A host can have 253 characters, and an entry can name two logs.
    most = 1000 if verb == Verb.BEGIN else 200
    if not line.isascii() or "\n" in line or len(line) > most:
        raise ValueError(f"An entry is one line of at most {most} characters of ASCII")
    return line
