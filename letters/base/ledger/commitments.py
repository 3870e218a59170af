"""Commit to a signer's public words without telling them. Pure: no database and no settings.

A commitment is HMAC-SHA256 under 32 random bytes, the opening. Whoever has the opening and the words can check the
commitment. Privacy: without the opening, even someone who tries every name finds nothing.
"""

import hmac
import json
import os
from typing import NamedTuple

from letters.models import OPENING_BYTES
from letters.shared.text import compose


class PublicWords(NamedTuple):
    """What a signer says about themselves; all empty if nobody may see the name.

    Comment, country and domain are not part of it: moderators may hide a comment, and the commitment would still
    prove what it was.
    """

    name: str = ""
    affiliation: str = ""
    role: str = ""


def canonical(words: PublicWords) -> bytes:
    """Return the bytes that are committed to: JSON of NFC text with sorted keys, without spaces, in UTF-8."""
    composed = {name: compose(word) for name, word in words._asdict().items()}
    return json.dumps(composed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def commit(words: PublicWords, opening: bytes) -> bytes:
    """Return the 32 bytes that stand for the words in the ledger."""
    return hmac.digest(opening, canonical(words), "sha256")


def fresh_openings(number: int) -> list[bytes]:
    """Return so many new openings. Performance: one call to the system for all of them."""
    drawn = os.urandom(OPENING_BYTES * number)
    return [drawn[at : at + OPENING_BYTES] for at in range(0, len(drawn), OPENING_BYTES)]
