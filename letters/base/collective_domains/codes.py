"""The code in the email to a domain. It has letters too, because nobody may guess it in a year of tries."""

import hashlib
import hmac
import re

from django.conf import settings

from letters.models import CollectiveDomain

# Without letters and numerals that people take for each other.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 6
BETWEEN = re.compile(r"[\s-]+")


def code_of_domain(claimed: CollectiveDomain) -> str:
    """Return the code in the newest email about a domain."""
    message = b"code of domain:%d:" % claimed.pk + bytes(claimed.salt)
    digest = hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:LENGTH])


def is_code(typed: str, claimed: CollectiveDomain) -> bool:
    """Compare in constant time, whatever spaces and small letters were typed."""
    tidy = BETWEEN.sub("", typed).upper()
    return hmac.compare_digest(tidy.encode(), code_of_domain(claimed).encode())
