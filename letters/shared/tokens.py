"""Tokens in emailed links, and marks of emails: opaque, unforgeable, bound to one purpose, and stored nowhere.

A token is AES-SIV (RFC 5297) over the signature's id, the second of issue and the signature's salt. Privacy: nobody can
read anything in it. A readable id would reveal how many people have signed, and who signed first. Security: the purpose
is authenticated too, so a link that shows a signature cannot confirm it.
"""

import base64
import hashlib
import hmac
import re
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

# id (8 bytes), issued at (4 bytes, Unix seconds, until 2106), salt (8 bytes), and 9 random bytes. Privacy: without the
# random bytes, two tokens of the same signature and second would be equal, and show that they belong together.
CONTENT = struct.Struct(">QI8s9s")
# 16 bytes of SIV and 29 of content, in base64 without padding.
TOKEN_LENGTH = 60
# The same as CONTENT with what the link is bound to (8 bytes) and 10 random bytes: 72 characters.
BOUND_CONTENT = struct.Struct(">QI8sQ10s")
BOUND_LENGTH = 72
# The same with an address (padded to 254 bytes, so that all have one length) and 11 random bytes.
ADDRESSED_CONTENT = struct.Struct(">QI8sQ254s11s")
ADDRESSED_LENGTH = 412
# id (8 bytes); with the SIV 32 characters without padding.
MARK = struct.Struct(">Q")
MARK_LENGTH = 32
# Microseconds since 1970 and an id (8 bytes each), and 1 padding byte; with the SIV 44 characters.
CURSOR = struct.Struct(">qQx")
CURSOR_LENGTH = 44
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# An invitation: id, salt, and 10 random bytes; with the SIV 56 characters. Its row says when it expires.
INVITATION = struct.Struct(">Q8s10s")
INVITATION_LENGTH = 56
# Accept only one way to write a token: the decoder would also accept + for -.
SHAPE = re.compile("[A-Za-z0-9_-]*")


@dataclass(frozen=True)
class SignatureToken:
    """The content of a genuine token. The caller decides whether it is still valid: see `matches`."""

    signature_id: int
    issued_at: datetime
    salt: bytes

    def matches(self, salt: bytes | memoryview) -> bool:
        """Return, in constant time, whether the signature still has the salt of the token."""
        return hmac.compare_digest(self.salt, bytes(salt))


@dataclass(frozen=True)
class Token(SignatureToken):
    """The content of the token of an emailed link."""

    # The number to which the link is bound besides the signature, if any. The token's purpose decides which one it is.
    bound_to: int | None = None

    @property
    def submission_id(self) -> int | None:
        """Return the id of the submission that a link to confirm was made for."""
        return self.bound_to

    @property
    def spelling_hash(self) -> bytes | None:
        """Return the hash of the spelling that a link "It wasn't me" was sent to."""
        return None if self.bound_to is None else self.bound_to.to_bytes(8)


@dataclass(frozen=True)
class CheckToken(SignatureToken):
    """The content of the token of the page "check your email"."""

    submission_id: int
    # The address to which the page can send its email again.
    address: str


def make_token(
    purpose: str, *, signature_id: int, salt: bytes | memoryview, now: datetime, bound_to: int | None = None
) -> str:
    issued, salt = int(now.timestamp()), bytes(salt)
    if bound_to is None:
        return _encrypt(purpose, CONTENT.pack(signature_id, issued, salt, secrets.token_bytes(9)))
    return _encrypt(purpose, BOUND_CONTENT.pack(signature_id, issued, salt, bound_to, secrets.token_bytes(10)))


def make_check_token(
    *, signature_id: int, salt: bytes | memoryview, now: datetime, submission_id: int, address: str
) -> str:
    """Make the token of the page "check your email".

    Privacy: it contains the address, encrypted, so that the page can send its email again. The database does not always
    have the address: it keeps no address of people who sign without a name, and a page that cannot send their email
    would reveal that.
    """
    return _make_addressed("check", signature_id, int(now.timestamp()), bytes(salt), submission_id, address=address)


def _make_addressed(purpose: str, *about: int | bytes, address: str) -> str:
    content = ADDRESSED_CONTENT.pack(*about, address.encode().ljust(254, b"\0"), secrets.token_bytes(11))
    return _encrypt(purpose, content)


SHAPES = {TOKEN_LENGTH: CONTENT, BOUND_LENGTH: BOUND_CONTENT}


def read_token(purpose: str, text: str) -> Token | None:
    """Return the content of a token; None if it was cut, changed, made for another purpose, or is not ours."""
    shape = SHAPES.get(len(text))
    content = _open(purpose, text, len(text)) if shape else None
    if shape is None or content is None:
        return None
    signature_id, issued, salt, *bound_to, _ = shape.unpack(content)
    return Token(signature_id, datetime.fromtimestamp(issued, UTC), salt, *bound_to)


def read_check_token(text: str) -> CheckToken | None:
    """Do the same for a token of the page "Check your email"."""
    found = _read_addressed("check", text)
    return CheckToken(*found) if found else None


def _read_addressed(purpose: str, text: str) -> tuple[int, datetime, bytes, int, str] | None:
    content = _open(purpose, text, ADDRESSED_LENGTH)
    if content is None:
        return None
    signature_id, issued, salt, bound_to, filled, _ = ADDRESSED_CONTENT.unpack(content)
    address = filled.rstrip(b"\0").decode()
    return signature_id, datetime.fromtimestamp(issued, UTC), salt, bound_to, address


@dataclass(frozen=True)
class NameReportToken(SignatureToken):
    """The content of the token with which the person named confirms their report about a signature."""

    # The address that they confirm with it.
    address: str


def make_name_report_token(*, signature_id: int, salt: bytes | memoryview, now: datetime, address: str) -> str:
    """Make the token of the link in the email to the person named.

    Privacy: it contains the address, encrypted, because nothing about the person is stored before they confirm.
    """
    return _make_addressed("name-report", signature_id, int(now.timestamp()), bytes(salt), 0, address=address)


def read_name_report_token(text: str) -> NameReportToken | None:
    """Return the content of a token; None if it was cut, changed, made for another purpose, or is not ours."""
    found = _read_addressed("name-report", text)
    if found is None:
        return None
    signature_id, issued_at, salt, _, address = found
    return NameReportToken(signature_id, issued_at, salt, address)


@dataclass(frozen=True)
class InvitationToken:
    """The content of a genuine token of an invitation to a collective."""

    invitation_id: int
    salt: bytes

    def matches(self, salt: bytes | memoryview) -> bool:
        """Return, in constant time, whether the token was made for this invitation."""
        return hmac.compare_digest(self.salt, bytes(salt))


def make_invitation_token(*, invitation_id: int, salt: bytes | memoryview) -> str:
    return _encrypt("team_invitation", INVITATION.pack(invitation_id, bytes(salt), secrets.token_bytes(10)))


def read_invitation_token(text: str) -> InvitationToken | None:
    """Return the content of a token; None if it was cut, changed, made for another purpose, or is not ours."""
    content = _open("team_invitation", text, INVITATION_LENGTH)
    if content is None:
        return None
    invitation_id, salt, _ = INVITATION.unpack(content)
    return InvitationToken(invitation_id, salt)


# A draft link: id, salt and padding. The same link always has the same address.
DRAFT_LINK = struct.Struct(">Q8s10x")
DRAFT_LINK_LENGTH = 56


@dataclass(frozen=True)
class DraftToken:
    """The content of a genuine draft link token."""

    link_id: int
    salt: bytes

    def matches(self, salt: bytes | memoryview) -> bool:
        """Return, in constant time, whether the token was made for this link."""
        return hmac.compare_digest(self.salt, bytes(salt))


def make_draft_token(*, link_id: int, salt: bytes | memoryview) -> str:
    return _encrypt("draft", DRAFT_LINK.pack(link_id, bytes(salt)))


def read_draft_token(text: str) -> DraftToken | None:
    """Return the content of a token; None if it was cut, changed, made for another purpose, or is not ours."""
    content = _open("draft", text, DRAFT_LINK_LENGTH)
    return None if content is None else DraftToken(*DRAFT_LINK.unpack(content))


def make_handle(purpose: str, thing_id: int) -> str:
    """Return a handle that names an object in a form or a URL.

    Privacy: an id would let people count and order objects.
    """
    return _encrypt(f"handle:{purpose}", MARK.pack(thing_id))


def read_handle(purpose: str, text: str) -> int | None:
    """Return the id in a handle; None if the handle is not ours, or was made for another purpose."""
    content = _open(f"handle:{purpose}", text, MARK_LENGTH)
    return None if content is None else int(MARK.unpack(content)[0])


@dataclass(frozen=True)
class DatedHandle:
    """The content of a genuine handle with a date. The caller decides whether it is still valid."""

    thing_id: int
    made_at: datetime


def make_dated_handle(purpose: str, thing_id: int, *, now: datetime) -> str:
    """Return a handle that also says when it was made, for a link that expires."""
    return _encrypt(f"dated:{purpose}", CURSOR.pack(_microseconds(now), thing_id))


def read_dated_handle(purpose: str, text: str) -> DatedHandle | None:
    """Return what the handle names; None if it is not ours, or was made for another purpose."""
    content = _open(f"dated:{purpose}", text, CURSOR_LENGTH)
    if content is None:
        return None
    microseconds, thing_id = CURSOR.unpack(content)
    return DatedHandle(int(thing_id), EPOCH + timedelta(microseconds=microseconds))


def make_cursor(purpose: str, moment: datetime, thing_id: int) -> str:
    """Return the cursor of a list ordered by time.

    Privacy: it is encrypted, because otherwise each page would reveal a time and an id.
    """
    return _encrypt(f"cursor:{purpose}", CURSOR.pack(_microseconds(moment), thing_id))


def read_cursor(purpose: str, text: str) -> tuple[datetime, int] | None:
    """Return the time and the id after which the next page begins; None if it is not a cursor of this list."""
    content = _open(f"cursor:{purpose}", text, CURSOR_LENGTH)
    if content is None:
        return None
    microseconds, thing_id = CURSOR.unpack(content)
    return EPOCH + timedelta(microseconds=microseconds), int(thing_id)


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def make_mark(outgoing_email_id: int) -> str:
    """Return the mark by which a provider's report is matched to an email.

    The mark is the same for every attempt to send the email.
    """
    return _encrypt("outgoing", MARK.pack(outgoing_email_id))


def read_mark(text: str) -> int | None:
    """Return the id of the outgoing email; None if the mark is not ours."""
    content = _open("outgoing", text, MARK_LENGTH)
    return None if content is None else int(MARK.unpack(content)[0])


def _encrypt(purpose: str, content: bytes) -> str:
    return base64.urlsafe_b64encode(_ciphers()[0].encrypt(content, [purpose.encode()])).decode()


def _open(purpose: str, text: str, length: int) -> bytes | None:
    if len(text) != length or not SHAPE.fullmatch(text):
        return None
    encrypted = base64.urlsafe_b64decode(text)
    for cipher in _ciphers():
        try:
            return cipher.decrypt(encrypted, [purpose.encode()])
        except InvalidTag:
            continue
    return None


def _ciphers() -> tuple[AESSIV, ...]:
    return tuple(map(_cipher, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]))


@lru_cache(maxsize=16)
def _cipher(secret: str) -> AESSIV:
    return AESSIV(hashlib.sha512(b"undersigned.tokens:" + secret.encode()).digest())
