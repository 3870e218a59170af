"""Email addresses: read from what was typed, known again by a keyed hash, encrypted at rest."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from letters.shared.text import TURNS_DIRECTION, normalized

# RFC 5321, 4.5.3.1: a path has at most 256 octets, two of them the angle brackets.
MAX_LENGTH = 254
# As much is looked at, with what stands around an address.
MAX_TYPED_LENGTH = 1000


@dataclass(frozen=True)
class Address:
    """An address that mail can be sent to."""

    # To send to: domain in ASCII (IDNA), the local part as typed.
    deliverable: str
    # To compare by: two spellings that reach the same person have the same one.
    canonical: str


class NoAddress(ValueError):
    """Mail cannot be sent to it; `code` says why (letters/shared/address_words.py)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# What people copy along with an address. None of it begins or ends one, but for a quotation mark: see `_trimmed`.
BEFORE = " \t\r\n\v\f<>()[],;:«»‹›“”„‟‘’‚‛'\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # noqa: RUF001
AFTER = BEFORE + '".!'
# Invisible: zero-width characters, direction marks, soft hyphens, byte order marks, whatever else Unicode calls format.
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff\ufe00-\ufe0f]")
MAILTO = re.compile(r"mailto:", re.IGNORECASE)
# The last bracket has been taken off by then.
NAMED = re.compile(r"([^<>]*)<([^<>]*)")
LOOKS_LIKE_ONE = re.compile(r"[^\s@]@[^\s@]+\.[^\s@]")


def tidy_address(text: str) -> str:
    """The address without what is invisible or only stands around it. What it says is not changed.

    `Ada <mailto:ada@example.org?subject=Hi>.` is ada@example.org; full-width letters, as some keyboards type them, are
    the letters that they look like. Nothing is put right: what stays wrong is for its writer to see.
    """
    if len(text) > MAX_TYPED_LENGTH:
        return text
    tidy = _trimmed(INVISIBLE.sub("", normalized("NFKC", text)))
    if "<" in tidy and (named := NAMED.fullmatch(tidy)):
        name, inside = _trimmed(named[1]), _trimmed(named[2])
        # A second address beside the first: one of them is not meant, and we cannot know which.
        tidy = inside if name.casefold() == inside.casefold() or not LOOKS_LIKE_ONE.search(name) else tidy
    if found := MAILTO.match(tidy):
        tidy = _trimmed(unquote(tidy[found.end() :].partition("?")[0]))
    return tidy


def _trimmed(text: str) -> str:
    trimmed = text.rstrip(AFTER)
    # In "ada"@example.org the quotation marks belong to the address.
    return trimmed.lstrip(BEFORE) if '"@' in trimmed else trimmed.lstrip(BEFORE + '"')


def parse_address(text: str) -> Address:
    """The address in `text`, whatever stands around it. Raises NoAddress."""
    tidy = tidy_address(text)
    if not tidy:
        raise NoAddress("empty")
    if len(tidy) > MAX_LENGTH:
        raise NoAddress("too_long")
    if code := _obvious(tidy):
        raise NoAddress(code)
    try:
        found = validate_email(tidy, check_deliverability=False, allow_quoted_local=True, allow_display_name=False)
    except EmailNotValidError as wrong:
        raise NoAddress(_which(tidy)) from wrong
    deliverable = found.ascii_email
    if not deliverable:
        # Django would write such a name as an encoded word (RFC 2047), and the mail would go to another mailbox.
        raise NoAddress("not_ascii")
    # Python's mail package decodes an encoded word in a name: the mail would go to another mailbox, again.
    if deliverable.startswith('"') or "=?" in deliverable:
        raise NoAddress("unsendable")
    return Address(deliverable, canonical(deliverable))


def _obvious(text: str) -> str:
    """What is wrong at first sight, as a code; empty if it may be an address."""
    if TURNS_DIRECTION.search(text):
        return "turns_direction"
    name, at, domain = text.rpartition("@")
    if not at:
        return "no_at"
    if "@" in name and not name.startswith('"'):
        return "several"
    if not name:
        return "no_name"
    return "" if domain else "no_domain"


def _which(text: str) -> str:
    """What the library has found wrong, in our own words."""
    name, _, domain = text.rpartition("@")
    if any(map(str.isspace, text)):
        return "space"
    if ".." in text or "." in {name[:1], name[-1:], domain[:1]}:
        return "dots"
    if "." not in domain:
        return "no_dot"
    if any(sign in domain for sign in "_[]") or domain.replace(".", "").isdecimal():
        return "domain"
    return "characters" if any(sign in name for sign in ',;:<>()[]\\"') else "invalid"


def read_address(text: str) -> Address | None:
    """The address in `text`, whatever stands around it; None if there is none, or more than one."""
    try:
        return parse_address(text)
    except NoAddress:
        return None


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


def hash_address(canonical: str) -> bytes:
    """HMAC-SHA256 (32 bytes) under ADDRESS_HASH_KEY, which is not in the database that the hash is stored in."""
    return hmac.digest(settings.ADDRESS_HASH_KEY.encode(), canonical.encode(), hashlib.sha256)


SPELLING_HASH_BYTES = 8


def hash_spelling(deliverable: str) -> bytes:
    """A keyed hash of one spelling. Case aside, another spelling has another one, even if `canonical` is the same.

    Privacy: what is compared by `canonical` may be another person's mailbox, at a server that reads "ada+x" as a name
    of its own. So a link that lets somebody change a signature goes only to the spelling that its signer confirmed.
    """
    message = b"spelling:" + deliverable.lower().encode()
    return hmac.digest(settings.ADDRESS_HASH_KEY.encode(), message, hashlib.sha256)[:SPELLING_HASH_BYTES]


def encrypt(address: str) -> bytes:
    """The address encrypted under the newest of ADDRESS_KEYS."""
    return _fernet(tuple(settings.ADDRESS_KEYS)).encrypt(address.encode())


def decrypt(encrypted: bytes | memoryview) -> str:
    """The address again. Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits."""
    return _fernet(tuple(settings.ADDRESS_KEYS)).decrypt(bytes(encrypted)).decode()


def reencrypt(encrypted: bytes | memoryview) -> bytes:
    """The same address under the newest of ADDRESS_KEYS; the same bytes, if it stands under that one already.

    Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits.
    """
    keys = tuple(settings.ADDRESS_KEYS)
    try:
        _fernet(keys[:1]).decrypt(bytes(encrypted))
    except InvalidToken:
        return _fernet(keys).rotate(bytes(encrypted))
    return bytes(encrypted)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
