"""The private keys of the logs. Only a worker of the queue "publishing" has them."""

from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from letters.models import LedgerKey
from letters.shared.notes import Signer


class NoKey(Exception):
    """This process has no key of the ledger, so it cannot sign."""


def signers() -> list[Signer]:
    """Return what signs each checkpoint: usually one, and two while a new key comes into use. Raises NoKey."""
    if not (found := _signers(tuple(settings.READ_LEDGER_KEYS()))):
        raise NoKey("This process has no LEDGER_KEY.")
    return found


@cache
def _signers(secrets: tuple[str, ...]) -> list[Signer]:
    return [
        Signer(
            Ed25519PrivateKey.from_private_bytes(_derived(secret, b"undersigned: Ed25519 key of the ledger")),
            MLDSA44PrivateKey.from_seed_bytes(_derived(secret, b"undersigned: ML-DSA-44 key of the ledger")),
        )
        for secret in secrets
    ]


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def publish_keys(given: list[Signer], *, now: datetime) -> None:
    """Store the public keys, before anything that they sign can be read."""
    ours = {(int(key.kind), key.key) for signer in given for key in signer.verifier_keys("")}
    known = {(kind, bytes(key)) for kind, key in LedgerKey.objects.values_list("kind", "key")}
    LedgerKey.objects.bulk_create(
        # Ed25519 first, in the order in which the keys were given.
        [LedgerKey(kind=kind, key=key, created_at=now) for kind, key in sorted(ours - known)],
        ignore_conflicts=True,  # Race: two workers start at once.
    )
