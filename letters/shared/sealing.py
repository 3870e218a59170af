"""Encrypt the words of a signer as one: those that only organizers may read, and all words of a letter that names
nobody until enough people have signed. Encrypt files too.

The keys are those of addresses (ADDRESS_KEYS), which are not in the database.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from django.conf import settings

from letters.shared.addresses import decrypt, decrypt_bytes, encrypt, encrypt_bytes

# Privacy: words are padded to a multiple of this, so that the length does not tell a short name from a long one.
BLOCK_BYTES = 1024


def seal(words: Mapping[str, str], *, block: int = BLOCK_BYTES) -> bytes:
    """Encrypt words under the newest of ADDRESS_KEYS."""
    # ASCII, so that the number of characters is the number of bytes.
    text = json.dumps(dict(words), sort_keys=True)
    return encrypt(text.ljust(-(-len(text) // block) * block))


def unseal(sealed: bytes | memoryview) -> dict[str, str]:
    """Return the words. Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits."""
    words: dict[str, str] = json.loads(decrypt(sealed))
    return words


def seal_bytes(content: bytes) -> bytes:
    """Encrypt a part of a file under the newest of ADDRESS_KEYS."""
    return urlsafe_b64decode(encrypt_bytes(content))


def unseal_bytes(sealed: bytes | memoryview) -> bytes:
    """Return the part. Raises cryptography.fernet.InvalidToken if none of ADDRESS_KEYS fits."""
    return decrypt_bytes(urlsafe_b64encode(sealed))


def keyed_hash(content: bytes) -> bytes:
    """Return a hash that nobody can compute without ADDRESS_HASH_KEY.

    Privacy: with a plain hash of what was typed, someone who has the database could try names until one fits.
    """
    return hmac.digest(settings.ADDRESS_HASH_KEY.encode(), b"content:" + content, hashlib.sha256)
