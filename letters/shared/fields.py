"""The addresses of accounts in the database: encrypted, and found again by the address itself.

Allauth and Django look accounts up by their address, so one address is always encrypted to one text: AES-SIV
(RFC 5297), under a key made of ADDRESS_HASH_KEY, which stays the same for ever. Addresses of signers, which nobody
looks up, are encrypted under ADDRESS_KEYS instead, each time anew.
"""

import base64
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models
from django.db.models.lookups import Exact

# By this, what is encrypted is told from what an earlier release has left.
MARK = "siv1:"
# The length of an address says much about a name. Padded, most have the same.
BLOCK = 48


def encrypt_email(email: str) -> str:
    """In lower case, as everybody is looked up."""
    plain = email.lower().encode()
    padded = plain + b"\0" * (-len(plain) % BLOCK)
    return MARK + base64.urlsafe_b64encode(_cipher(settings.ADDRESS_HASH_KEY).encrypt(padded, None)).decode()


def open_email(stored: str) -> str:
    """Raises cryptography.exceptions.InvalidTag under another ADDRESS_HASH_KEY."""
    if not stored.startswith(MARK):
        return stored
    encrypted = base64.urlsafe_b64decode(stored.removeprefix(MARK))
    return _cipher(settings.ADDRESS_HASH_KEY).decrypt(encrypted, None).rstrip(b"\0").decode()


@lru_cache(maxsize=2)
def _cipher(hash_key: str) -> AESSIV:
    derived = HKDF(SHA256(), length=64, salt=None, info=b"letters: addresses of accounts")
    return AESSIV(derived.derive(hash_key.encode()))


class EncryptedEmailField(models.EmailField):  # type: ignore[type-arg]  # not generic at run time
    """An address that PostgreSQL never sees. It is compared as a whole, in any case of letters, and in no other way."""

    def db_type(self, connection: Any) -> str:
        return "text"

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return encrypt_email(plain) if plain else plain

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return open_email(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Django says of others that the field does not support them: a part of an address would match nothing."""
        return super().get_lookup(lookup_name) if lookup_name in {"exact", "iexact", "in", "isnull"} else None


# Both sides are in lower case already.
EncryptedEmailField.register_lookup(Exact, "iexact")


class OthersSealedEmailField(EncryptedEmailField):
    """The same in a table of another package, whose migrations know it as what it was."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


def encryption_field_of(model: type[models.Model], name: str) -> None:
    """Have an address in another package's table encrypted. Its column must be text."""
    model._meta.get_field(name).__class__ = OthersSealedEmailField
