"""Email addresses: read from what was typed, known again by a keyed hash, encrypted at rest."""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

# RFC 5321, 4.5.3.1: a path has at most 256 octets, two of them the angle brackets.
LONGEST = 254


@dataclass(frozen=True)
class Address:
    """An address that mail can be sent to."""

    # To send to: domain in ASCII (IDNA), the local part as typed.
    deliverable: str
    # To compare by: two spellings that reach the same person have the same one.
    canonical: str


def read_address(text: str) -> Address | None:
    """The address in `text`; None if there is none, or more than one, or anything around it."""
    text = text.strip()
    if len(text) > LONGEST:
        return None
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, allow_display_name=False)
    except EmailNotValidError:
        return None
    deliverable = found.ascii_email
    # Python's mail package decodes an encoded word (RFC 2047) in a name: the mail would go to another mailbox.
    if deliverable and "=?" in deliverable:
        return None
    return Address(deliverable, canonical(deliverable)) if deliverable else None


# Domains of one provider at which the same name is the same mailbox.
SAME_MAILBOX = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
}
# Characters that a provider passes over in a name.
PASSED_OVER = {"gmail.com": ".", "proton.me": "._-"}


def canonical(deliverable: str) -> str:
    """One spelling for all that reach the same mailbox: in lower case, without a tag (+news), as the provider reads it.

    Only used to compare. Mail goes to what was typed.
    """
    name, _, domain = deliverable.lower().rpartition("@")
    domain = SAME_MAILBOX.get(domain, domain)
    untagged = name.split("+", 1)[0] or name
    plain = untagged.translate(dict.fromkeys(map(ord, PASSED_OVER.get(domain, ""))))
    return f"{plain or untagged}@{domain}"


# The great providers; and domains that look like a slip of one of them but are real.
PROVIDERS = {
    *["gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.it", "hotmail.fr", "live.com", "msn.com"],
    *["yahoo.com", "yahoo.it", "yahoo.fr", "yahoo.co.uk", "icloud.com", "me.com", "aol.com", "proton.me"],
    *["protonmail.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "libero.it", "yandex.ru", "mail.ru"],
}
NO_SLIPS = PROVIDERS | {"mail.com", "email.com", "ymail.com", "gmx.com", "live.it", "live.fr", "mac.com"}


def likely_meant(deliverable: str) -> str:
    """The address with a great provider's domain, if the one typed is one slip of a finger away from it; else empty."""
    name, _, domain = deliverable.rpartition("@")
    if domain.lower() in NO_SLIPS:
        return ""
    meant = _provider_meant(domain.lower())
    return f"{name}@{meant}" if meant else ""


@lru_cache(maxsize=4096)
def _provider_meant(domain: str) -> str:
    return next((provider for provider in sorted(PROVIDERS) if one_slip(domain, provider)), "")


def one_slip(typed: str, meant: str) -> bool:
    """Whether one character too few, too many or wrong, or two swapped, make the one of the other."""
    short, long = sorted([typed, meant], key=len)
    if len(long) - len(short) == 1:
        return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))
    differing = [place for place, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]]
    if len(short) != len(long) or len(differing) > 2:
        return False
    if len(differing) == 2:
        first, second = differing
        return second == first + 1 and (typed[first], typed[second]) == (meant[second], meant[first])
    return len(differing) == 1


def hash_address(canonical: str) -> bytes:
    """HMAC-SHA256 (32 bytes) under ADDRESS_HASH_KEY, which is not in the database that the hash is stored in."""
    return hmac.digest(settings.ADDRESS_HASH_KEY.encode(), canonical.encode(), hashlib.sha256)


def seal(address: str) -> bytes:
    """The address encrypted under the newest of ADDRESS_KEYS."""
    return _fernet(tuple(settings.ADDRESS_KEYS)).encrypt(address.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """The address again. Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits."""
    return _fernet(tuple(settings.ADDRESS_KEYS)).decrypt(bytes(sealed)).decode()


def reseal(sealed: bytes | memoryview) -> bytes:
    """The same address under the newest of ADDRESS_KEYS; the same bytes, if it stands under that one already.

    Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits.
    """
    keys = tuple(settings.ADDRESS_KEYS)
    try:
        _fernet(keys[:1]).decrypt(bytes(sealed))
    except InvalidToken:
        return _fernet(keys).rotate(bytes(sealed))
    return bytes(sealed)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
