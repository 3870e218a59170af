"""The proof of work, with the library `altcha` and without its server: a challenge that takes a browser about a second.

The challenge is signed under a key for one letter and one address, so nothing needs to be stored: a solution is
worthless for another address, and for the same address it can only repeat the same signing.
"""

import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta

from altcha import create_challenge, verify_solution
from django.conf import settings

LIFETIME = timedelta(minutes=20)
# PBKDF2 instead of one SHA-256 per try: browsers have it built in, so an attacker's program is hardly faster than a
# phone.
ALGORITHM = "PBKDF2/SHA-256"
ROUNDS = 1000
# A solution has 700 characters. Longer ones are rejected.
MAX_LENGTH = 4000


def make_challenge(letter_id: int, address_hash: bytes, *, now: datetime, hardness: int = 1) -> str:
    """Return a challenge as JSON.

    It takes half of PROOF_TRIES times its hardness on average, and at most all (`data.most`).
    """
    most = settings.PROOF_TRIES * hardness
    challenge = create_challenge(
        ALGORITHM,
        ROUNDS,
        counter=secrets.randbelow(most),
        data={"most": most},
        expires_at=now + LIFETIME,
        hmac_secret=_key("challenge", letter_id, address_hash, hardness),
        hmac_key_secret=_key("solution", letter_id, address_hash, hardness),
    )
    return json.dumps(challenge.to_dict())


def is_proof(text: str, letter_id: int, address_hash: bytes, *, hardness: int = 1) -> bool:
    """Check a solution for this letter and address, including its age. Costs a few hashes.

    Half the hardness is accepted too, because the challenge may have been created before the last increase.
    """
    if not text or len(text) > MAX_LENGTH:
        return False
    return any(
        verify_solution(
            text,
            _key("challenge", letter_id, address_hash, each),
            hmac_key_secret=_key("solution", letter_id, address_hash, each),
        ).verified
        for each in {hardness, max(1, hardness // 2)}
    )


def _key(purpose: str, letter_id: int, address_hash: bytes, hardness: int) -> bytes:
    """Derive a key that depends on the hardness, so that an easy challenge does not pass for a hard one."""
    message = f"proof of work:{purpose}:{letter_id}:{hardness}:".encode() + address_hash
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)
