"""The six digits in a mail, which may be typed instead of following its link: nothing that a scanner could press."""

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings

GOOD_FOR = timedelta(hours=1)
MOST_TRIES = 5


def code_of(delivery_id: int, *, salt: bytes | memoryview) -> str:
    """The digits of one mail: the same for every attempt to send it, so that a mail sent twice says one thing."""
    message = b"code of delivery:%d:" % delivery_id + bytes(salt)
    number = int.from_bytes(hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256))
    return f"{number % 10**6:06}"


def hash_code(code: str, *, signature_id: int) -> bytes:
    """HMAC-SHA256 (32 bytes). Without the key, a million guesses would read the code out of a stolen database."""
    message = f"code:{signature_id}:{code}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


def same_code(code: str, expected: bytes | memoryview, *, signature_id: int) -> bool:
    """In constant time."""
    return hmac.compare_digest(hash_code(code, signature_id=signature_id), bytes(expected))
