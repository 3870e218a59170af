"""The confirmation code in an email, which people type instead of opening the link. Scanners cannot type it."""

import hashlib
import hmac
import unicodedata
from datetime import timedelta

from django.conf import settings

LIFETIME = timedelta(hours=1)
MAX_TRIES = 5

# Longer input is rejected. A code with separators is never nearly as long.
MAX_CHARACTERS = 60
DIGITS = 6
# Categories of characters around and between the digits: separators, dashes, invisible marks.
DECORATION = {"Zs", "Zl", "Zp", "Pd", "Cf"}


def read_code(typed: str) -> str | None:
    """Return the six digits of a code, in any script and grouping; None if it is not a code."""
    kept = [
        character
        for character in typed[: MAX_CHARACTERS + 1]
        if not (character in ".\t\r\n" or unicodedata.category(character) in DECORATION)
    ]
    digits = [unicodedata.decimal(character, None) for character in kept]
    if len(typed) > MAX_CHARACTERS or len(digits) != DIGITS or None in digits:
        return None
    return "".join(map(str, digits))


def code_of(outgoing_email_id: int, *, salt: bytes | memoryview) -> str:
    """Return the code of one email. Every attempt to send the email has the same code."""
    message = b"code of delivery:%d:" % outgoing_email_id + bytes(salt)
    number = int.from_bytes(hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256))
    return f"{number % 10**6:06}"


def hash_code(code: str, *, submission_id: int) -> bytes:
    """Return HMAC-SHA256 (32 bytes).

    Security: with a hash that needs no key, a million guesses would reveal the code from a stolen database.
    """
    message = f"code:{submission_id}:{code}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


def same_code(code: str, expected: bytes | memoryview, *, submission_id: int) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(hash_code(code, submission_id=submission_id), bytes(expected))
