"""The code in an email, which may be typed instead of following its link: nothing that a scanner could press."""

import hashlib
import hmac
import unicodedata
from datetime import timedelta

from django.conf import settings

LIFETIME = timedelta(hours=1)
MAX_TRIES = 5

# Far more than a code with its decorations has: nothing longer is looked at.
MAX_CHARACTERS = 60
DIGITS = 6
# Between and around the digits, as people and mail programs write them: separators, dashes, invisible marks.
DECORATION = {"Zs", "Zl", "Zp", "Pd", "Cf"}


def read_code(typed: str) -> str | None:
    """The six digits of a code, in whichever script and however grouped; None if it is no code at all."""
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
    """The code of one email: the same for every attempt to send it, so that an email sent twice says one thing."""
    message = b"code of delivery:%d:" % outgoing_email_id + bytes(salt)
    number = int.from_bytes(hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256))
    return f"{number % 10**6:06}"


def hash_code(code: str, *, submission_id: int) -> bytes:
    """HMAC-SHA256 (32 bytes). Without the key, a million guesses would read the code out of a stolen database."""
    message = f"code:{submission_id}:{code}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


def same_code(code: str, expected: bytes | memoryview, *, submission_id: int) -> bool:
    """In constant time."""
    return hmac.compare_digest(hash_code(code, submission_id=submission_id), bytes(expected))
