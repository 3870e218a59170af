"""Compare an email domain with an affiliation: unibo.it fits Università di Bologna, and mit.edu fits M.I.T."""

import re
from functools import lru_cache

from letters.shared.domains import registrable
from letters.shared.folding import without_marks

# Denial of service: further words are not compared.
MAX_WORDS = 12
WORD = re.compile(r"[a-z0-9]+")
# Shorter words and abbreviations occur in too many domains.
MIN_LENGTH = 3


@lru_cache(maxsize=2048)
def fits(affiliation: str, domain: str) -> bool:
    """Return whether the domain contains a word of the affiliation, its initials, or the beginnings of its words."""
    words = WORD.findall(without_marks(affiliation[:200].casefold()))[:MAX_WORDS]
    labels = registrable(domain[:253]).split(".")
    names = [re.sub(r"[^a-z0-9]", "", labels[0]), *re.findall(r"[a-z0-9]+", labels[0])]
    return any(len(name) > 1 and _fits(words, name) for name in names)


def _fits(words: list[str], name: str) -> bool:
    if any(word.startswith(name) or (len(word) > MIN_LENGTH and word in name) for word in words):
        return True
    initials = "".join(word[0] for word in words)
    important = "".join(word[0] for word in words if len(word) > MIN_LENGTH)
    if len(name) >= MIN_LENGTH and (name in initials or name == important):
        return True
    return len(name) > MIN_LENGTH and _is_made_of(name, words)


def _is_made_of(name: str, words: list[str]) -> bool:
    """Return whether the name consists of two or more beginnings of words, in order: "uni" and "bo"."""
    reached = {(0, 0)}
    for word in words:
        longer = {
            (place + length, parts + 1)
            for place, parts in reached
            for length in range(2, len(word) + 1)
            if name.startswith(word[:length], place)
        }
        reached |= longer
    return any(place == len(name) and parts > 1 for place, parts in reached)
