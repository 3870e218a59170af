"""Encrypted addresses of accounts, which can be looked up by the address itself.

allauth and Django look up accounts by address, so an address always has the same ciphertext: AES-SIV (RFC 5297), under
a key derived from ADDRESS_HASH_KEY, which never changes. Addresses of signers are never looked up, so they are
encrypted under ADDRESS_KEYS with a different ciphertext each time.
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

# Encrypted values begin with this.
MARK = "siv1:"
# Privacy: the length of an address reveals much about a name. Once padded, most have the same length.
BLOCK = 48


def encrypt_email(email: str) -> str:
    """Encrypt an address in lower case, because lookups use lower case."""
    plain = email.lower().encode()
    padded = plain + b"\0" * (-len(plain) % BLOCK)
    return MARK + base64.urlsafe_b64encode(_cipher(settings.ADDRESS_HASH_KEY).encrypt(padded, None)).decode()


def decrypt_email(stored: str) -> str:
    """Decrypt an address. Raises cryptography.exceptions.InvalidTag if ADDRESS_HASH_KEY is a different one."""
    if not stored.startswith(MARK):
        return stored
    encrypted = base64.urlsafe_b64decode(stored.removeprefix(MARK))
    return _cipher(settings.ADDRESS_HASH_KEY).decrypt(encrypted, None).rstrip(b"\0").decode()


@lru_cache(maxsize=2)
def _cipher(hash_key: str) -> AESSIV:
    derived = HKDF(SHA256(), length=64, salt=None, info=b"letters: addresses of accounts")
    return AESSIV(derived.derive(hash_key.encode()))


class EncryptedEmailField(models.EmailField):  # type: ignore[type-arg]  # not generic at run time
    """An address that PostgreSQL never sees. It can be compared only as a whole, without regard to case."""

    def db_type(self, connection: Any) -> str:
        return "text"

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return encrypt_email(plain) if plain else plain

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt_email(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Return None for other lookups, so that Django rejects them: part of an address would match nothing."""
        return super().get_lookup(lookup_name) if lookup_name in {"exact", "iexact", "in", "isnull"} else None


# Both sides are already in lower case.
EncryptedEmailField.register_lookup(Exact, "iexact")


class OthersEncryptedEmailField(EncryptedEmailField):
    """The same field in a table of another package, whose migrations know it under its original class."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


def encryption_field_of(model: type[models.Model], name: str) -> None:
    """Encrypt an address in another package's table. Its column must be text."""
    model._meta.get_field(name).__class__ = OthersEncryptedEmailField
