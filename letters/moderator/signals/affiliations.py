"""Tell whether an email domain fits an affiliation: unibo.it the Università di Bologna, mit.edu the M.I.T."""

import re
from functools import lru_cache

from letters.shared.domains import registrable
from letters.shared.folding import without_marks

# Denial of service: no more is compared.
MAX_WORDS = 12
WORD = re.compile(r"[a-z0-9]+")
# A shorter word or abbreviation is in too many domains.
SHORTEST = 3


@lru_cache(maxsize=2048)
def fits(affiliation: str, domain: str) -> bool:
    """Tell whether the domain contains a word of the affiliation, its initials, or the beginnings of its words."""
    words = WORD.findall(without_marks(affiliation[:200].casefold()))[:MAX_WORDS]
    labels = registrable(domain[:253]).split(".")
    names = [re.sub(r"[^a-z0-9]", "", labels[0]), *re.findall(r"[a-z0-9]+", labels[0])]
    return any(len(name) > 1 and _fits(words, name) for name in names)


def _fits(words: list[str], name: str) -> bool:
    if any(word.startswith(name) or (len(word) > SHORTEST and word in name) for word in words):
        return True
    initials = "".join(word[0] for word in words)
    important = "".join(word[0] for word in words if len(word) > SHORTEST)
    if len(name) >= SHORTEST and (name in initials or name == important):
        return True
    return len(name) > SHORTEST and _is_made_of(name, words)


def _is_made_of(name: str, words: list[str]) -> bool:
    """Tell whether the name is two or more beginnings of words, in order: "uni" and "bo"."""
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
