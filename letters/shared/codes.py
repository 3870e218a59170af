"""The six digits in a mail, which may be typed instead of following its link: nothing that a scanner could press."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.conf import settings

GOOD_FOR = timedelta(hours=1)
MOST_TRIES = 5


def new_code() -> str:
    return f"{secrets.randbelow(10**6):06}"


def hash_code(code: str, *, signature_id: int) -> bytes:
    """HMAC-SHA256 (32 bytes). Without the key, a million guesses would read the code out of a stolen database."""
    message = f"code:{signature_id}:{code}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


def same_code(code: str, expected: bytes | memoryview, *, signature_id: int) -> bool:
    """In constant time."""
    return hmac.compare_digest(hash_code(code, signature_id=signature_id), bytes(expected))
