"""Email addresses: parse them, compare them by a keyed hash, and encrypt them."""

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

# RFC 5321, 4.5.3.1: a path has at most 256 octets, two of which are the angle brackets.
MAX_LENGTH = 254
# Longer input is rejected. An address may have text around it.
MAX_TYPED_LENGTH = 1000


@dataclass(frozen=True)
class Address:
    """An address that can get email."""

    # Emails go to this one: the domain in ASCII (IDNA), the local part as typed.
    deliverable: str
    # Comparisons use this one, which is equal for spellings that reach the same person.
    canonical: str


class NoAddress(ValueError):
    """The text is not an address that can get email. `code` says why (letters/shared/address_words.py)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# Characters that people copy along with an address. No address begins or ends with one, except with a quotation mark:
# see `_trimmed`.
BEFORE = " \t\r\n\v\f<>()[],;:«»‹›“”„‟‘’‚‛'\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # noqa: RUF001
AFTER = BEFORE + '".!'
# Zero-width characters, direction marks, soft hyphens, byte order marks, and other format characters.
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff\ufe00-\ufe0f]")
MAILTO = re.compile(r"mailto:", re.IGNORECASE)
# `_trimmed` has already removed the closing bracket.
NAMED = re.compile(r"([^<>]*)<([^<>]*)")
LOOKS_LIKE_ONE = re.compile(r"[^\s@]@[^\s@]+\.[^\s@]")


def tidy_address(text: str) -> str:
    """Remove invisible characters and text around an address. The address itself stays as it is.

    `Ada <mailto:ada@example.org?subject=Hi>.` becomes ada@example.org, and full-width letters become ordinary ones.
    Mistakes stay, so that the person can see them.
    """
    if len(text) > MAX_TYPED_LENGTH:
        return text
    tidy = _trimmed(INVISIBLE.sub("", normalized("NFKC", text)))
    if "<" in tidy and (named := NAMED.fullmatch(tidy)):
        name, inside = _trimmed(named[1]), _trimmed(named[2])
        # The name is a second address: one of the two is wrong, and we cannot know which.
        tidy = inside if name.casefold() == inside.casefold() or not LOOKS_LIKE_ONE.search(name) else tidy
    if match := MAILTO.match(tidy):
        tidy = _trimmed(unquote(tidy[match.end() :].partition("?")[0]))
    return tidy


def _trimmed(text: str) -> str:
    trimmed = text.rstrip(AFTER)
    # In "ada"@example.org the quotation marks belong to the address.
    return trimmed.lstrip(BEFORE) if '"@' in trimmed else trimmed.lstrip(BEFORE + '"')


def parse_address(text: str) -> Address:
    """Parse the address in `text`, which may have other text around it. Raises NoAddress."""
    tidy = tidy_address(text)
    if not tidy:
        raise NoAddress("empty")
    if len(tidy) > MAX_LENGTH:
        raise NoAddress("too_long")
    if code := _obvious(tidy):
        raise NoAddress(code)
    try:
        validated = validate_email(tidy, check_deliverability=False, allow_quoted_local=True, allow_display_name=False)
    except EmailNotValidError as wrong:
        raise NoAddress(_which(tidy)) from wrong
    deliverable = validated.ascii_email
    if not deliverable:
        # Privacy: Django would encode such a name (RFC 2047), and the email would go to another mailbox.
        raise NoAddress("not_ascii")
    # Privacy: Python's email package decodes an encoded word in a name, and the email would go to another mailbox.
    if deliverable.startswith('"') or "=?" in deliverable:
        raise NoAddress("unsendable")
    return address_of(deliverable)


def address_of(deliverable: str) -> Address:
    """Return the Address of a stored one, which was parsed before."""
    return Address(deliverable, canonical(deliverable))


def _obvious(text: str) -> str:
    """Return the code of a mistake that needs no library to find; "" if there is none."""
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
    """Return the code that best explains why the library rejected the text."""
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
    """Parse the address in `text`; None if there is none, or more than one."""
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
# Characters that a provider ignores in a name.
PASSED_OVER = {"gmail.com": ".", "proton.me": "._-"}


def canonical(deliverable: str) -> str:
    """Return the same spelling for all that reach one mailbox: lower case, no tag (+news), by the provider's rules.

    Used only for comparison. Email goes to the address as typed.
    """
    name, _, domain = deliverable.lower().rpartition("@")
    domain = SAME_MAILBOX.get(domain, domain)
    untagged = name.split("+", 1)[0] or name
    plain = untagged.translate(dict.fromkeys(map(ord, PASSED_OVER.get(domain, ""))))
    return f"{plain or untagged}@{domain}"


def hash_address(canonical: str) -> bytes:
    """Return HMAC-SHA256 (32 bytes) under ADDRESS_HASH_KEY, which is not in the database."""
    return hmac.digest(settings.ADDRESS_HASH_KEY.encode(), canonical.encode(), hashlib.sha256)


SPELLING_HASH_BYTES = 8


def hash_spelling(deliverable: str) -> bytes:
    """Return a keyed hash of one spelling, in upper or lower case. Other spellings with the same `canonical` differ.

    Privacy: addresses with the same `canonical` may be different mailboxes at a server that treats "ada+x" as another
    name. So a link that can change a signature goes only to the spelling that its signer confirmed.
    """
    message = b"spelling:" + deliverable.lower().encode()
    return hmac.digest(settings.ADDRESS_HASH_KEY.encode(), message, hashlib.sha256)[:SPELLING_HASH_BYTES]


def encrypt(address: str) -> bytes:
    """Encrypt an address under the newest of ADDRESS_KEYS."""
    return encrypt_bytes(address.encode())


def encrypt_bytes(content: bytes) -> bytes:
    return _fernet(tuple(settings.ADDRESS_KEYS)).encrypt(content)


def decrypt(encrypted: bytes | memoryview) -> str:
    """Decrypt an address. Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits."""
    return decrypt_bytes(encrypted).decode()


def decrypt_bytes(encrypted: bytes | memoryview) -> bytes:
    """Return the content. Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits."""
    return _fernet(tuple(settings.ADDRESS_KEYS)).decrypt(bytes(encrypted))


def reencrypt(encrypted: bytes | memoryview) -> bytes:
    """Encrypt an address under the newest of ADDRESS_KEYS. Return it unchanged if it already is.

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
