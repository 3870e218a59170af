"""The tokens in mailed links, and the marks of mails: opaque, unforgeable, bound to one purpose, and stored nowhere.

A token is AES-SIV (RFC 5297) over the signature's id, the second of issue and the signature's salt. It tells its
holder nothing: an id that could be read would say how many people have signed, and who signed before whom.
The purpose is authenticated with it, so a link that looks at a signature cannot confirm it.
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

# id (8 bytes), issued at (4 bytes, Unix seconds, good until 2106), salt (8 bytes), and 9 random bytes: without them,
# two tokens of one second would be the same, and tell that they are for one thing.
CONTENT = struct.Struct(">QI8s9s")
# 16 bytes of SIV and 29 of content, in base64 without padding.
TOKEN_LENGTH = 60
# The same with the id of the submission that it is for (8 bytes) and 10 random bytes: 72 characters. Links without one
# are read as before.
BOUND_CONTENT = struct.Struct(">QI8sQ10s")
BOUND_LENGTH = 72
# The same with an address (at most 254 bytes, filled up, so that all have one length) and 11 random bytes.
ADDRESSED_CONTENT = struct.Struct(">QI8sQ254s11s")
ADDRESSED_LENGTH = 412
# id (8 bytes); with the SIV 32 characters, which need no padding either.
MARK = struct.Struct(">Q")
MARK_LENGTH = 32
# Microseconds since 1970 and an id (8 bytes each), and 1 byte of nothing; with the SIV 44 characters without padding.
CURSOR = struct.Struct(">qQx")
CURSOR_LENGTH = 44
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of an invitation: id, salt, and 10 random bytes; with the SIV 56 characters. How long it is good says its row.
INVITATION = struct.Struct(">Q8s10s")
INVITATION_LENGTH = 56
# One spelling only: the decoder would take + for - too.
SHAPE = re.compile("[A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Token:
    """What a genuine token says. Whether it still counts is for the caller: see `matches`."""

    signature_id: int
    issued_at: datetime
    salt: bytes
    # What was typed when the link was made, if it is for that.
    submission_id: int | None = None
    # Where the email goes that its page can ask for once more.
    address: str = ""

    def matches(self, salt: bytes | memoryview) -> bool:
        """Whether the signature still has the salt that the token was made with; in constant time."""
        return hmac.compare_digest(self.salt, bytes(salt))

    @property
    def spelling_hash(self) -> bytes | None:
        """The spelling of the address that the link was sent to, if it is bound to one."""
        return None if self.submission_id is None else self.submission_id.to_bytes(8)


def make_token(
    purpose: str, *, signature_id: int, salt: bytes | memoryview, now: datetime, submission_id: int | None = None
) -> str:
    issued, salt = int(now.timestamp()), bytes(salt)
    if submission_id is None:
        return _encrypt(purpose, CONTENT.pack(signature_id, issued, salt, secrets.token_bytes(9)))
    return _encrypt(purpose, BOUND_CONTENT.pack(signature_id, issued, salt, submission_id, secrets.token_bytes(10)))


def make_check_token(
    *, signature_id: int, salt: bytes | memoryview, now: datetime, submission_id: int, address: str
) -> str:
    """Of the page "check your email".

    Privacy: the address rides in it, encrypted, so that the page can have its email sent again. The database cannot
    help there: it keeps no address of who signs as nobody, and a page that brings no email would tell so.
    """
    issued, filled = int(now.timestamp()), address.encode().ljust(254, b"\0")
    content = ADDRESSED_CONTENT.pack(signature_id, issued, bytes(salt), submission_id, filled, secrets.token_bytes(11))
    return _encrypt("check", content)


SHAPES = {TOKEN_LENGTH: CONTENT, BOUND_LENGTH: BOUND_CONTENT, ADDRESSED_LENGTH: ADDRESSED_CONTENT}


def read_token(purpose: str, text: str) -> Token | None:
    """The token's content; None if it was cut, changed, made for something else, or never ours."""
    shape = SHAPES.get(len(text))
    content = _open(purpose, text, len(text)) if shape else None
    if shape is None or content is None:
        return None
    signature_id, issued, salt, *more, _ = shape.unpack(content)
    submission_id = more[0] if more else None
    address = more[1].rstrip(b"\0").decode() if more[1:] else ""
    return Token(signature_id, datetime.fromtimestamp(issued, UTC), salt, submission_id, address)


@dataclass(frozen=True)
class InvitationToken:
    """The same for an invitation to a collective."""

    invitation_id: int
    salt: bytes

    def matches(self, salt: bytes | memoryview) -> bool:
        """Whether it is the invitation that the token was made for; in constant time."""
        return hmac.compare_digest(self.salt, bytes(salt))


def make_invitation_token(*, invitation_id: int, salt: bytes | memoryview) -> str:
    return _encrypt("team_invitation", INVITATION.pack(invitation_id, bytes(salt), secrets.token_bytes(10)))


def read_invitation_token(text: str) -> InvitationToken | None:
    """The token's content; None if it was cut, changed, made for something else, or never ours."""
    content = _open("team_invitation", text, INVITATION_LENGTH)
    if content is None:
        return None
    invitation_id, salt, _ = INVITATION.unpack(content)
    return InvitationToken(invitation_id, salt)


def make_handle(purpose: str, thing_id: int) -> str:
    """By which a form or an address names a thing to people who must not count or order things by their ids."""
    return _encrypt(f"handle:{purpose}", MARK.pack(thing_id))


def read_handle(purpose: str, text: str) -> int | None:
    """The id; None if the handle is not ours, or was made for something else."""
    content = _open(f"handle:{purpose}", text, MARK_LENGTH)
    return None if content is None else int(MARK.unpack(content)[0])


def make_cursor(purpose: str, moment: datetime, thing_id: int) -> str:
    """Where a list that is ordered by moments goes on: opaque, or each page would tell a moment and an id."""
    return _encrypt(f"cursor:{purpose}", CURSOR.pack(_microseconds(moment), thing_id))


def read_cursor(purpose: str, text: str) -> tuple[datetime, int] | None:
    """The moment and the id after which to go on; None if it is no cursor of this list."""
    content = _open(f"cursor:{purpose}", text, CURSOR_LENGTH)
    if content is None:
        return None
    microseconds, thing_id = CURSOR.unpack(content)
    return EPOCH + timedelta(microseconds=microseconds), int(thing_id)


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def make_mark(outgoing_email_id: int) -> str:
    """By which a mail is known again when a provider says what became of it. The same for every attempt to send it."""
    return _encrypt("outgoing", MARK.pack(outgoing_email_id))


def read_mark(text: str) -> int | None:
    """The delivery's id; None if the mark is not ours."""
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
