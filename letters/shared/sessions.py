"""Database sessions that cannot be taken over with a copy of the database.

The cookie holds a random key. The database holds the key's SHA-256 and the encrypted contents, which name the account
and, for a quarter of an hour, contain the code of an email. `session_key` is the hash everywhere in Django and allauth;
only the middleware and the cookie know `cookie_key`.
"""

import hashlib
from contextvars import ContextVar
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import get_random_string

from letters.shared.addresses import decrypt, encrypt

# The number of hexadecimal digits that fit into Django's column: 160 bits.
STORED_LENGTH = 40


# The session of this request, as hash and key: allauth reopens it by the hash after asking a provider.
_of_this_request: ContextVar[tuple[str | None, str]] = ContextVar("session", default=(None, ""))


def stored_key(cookie_key: str) -> str:
    """Return the key that is stored. A plain hash is enough, because the cookie key cannot be guessed."""
    return hashlib.sha256(b"session:" + cookie_key.encode()).hexdigest()[:STORED_LENGTH]


class SessionStore(DatabaseStore):
    # The key in the cookie; "" if the session was opened by its hash, as allauth does for other browsers' sessions.
    cookie_key = ""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        known, cookie_key = _of_this_request.get()
        if session_key and session_key == known:
            self.cookie_key = cookie_key

    @classmethod
    def of_cookie(cls, cookie_key: str | None) -> "SessionStore":
        """Open the session of a browser.

        Security: a hash from a stolen database, sent as a cookie, is hashed again and opens nothing.
        """
        if not cookie_key:
            return cls()
        store = cls(stored_key(cookie_key))
        store.cookie_key = cookie_key
        _of_this_request.set((stored_key(cookie_key), cookie_key))
        return store

    def _get_new_session_key(self) -> str:
        while True:
            self.cookie_key = get_random_string(32, VALID_KEY_CHARS)
            key = stored_key(self.cookie_key)
            if not self.exists(key):
                _of_this_request.set((key, self.cookie_key))
                return key

    def encode(self, session_dict: dict[str, Any]) -> str:
        return encrypt(super().encode(session_dict)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Decrypt the contents. They are empty if none of ADDRESS_KEYS fits, so the person signs in again."""
        try:
            return super().decode(decrypt(session_data.encode() if isinstance(session_data, str) else session_data))
        except InvalidToken:
            return {}
