"""The proof of work, with the library `altcha` and without its server: a puzzle that takes a browser about a second.

The puzzle is signed under a key that is for one letter and one address alone, so nothing needs to be remembered: a
solution is worth nothing for another address, and for the same one it signs again what is signed already.
"""

import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta

from altcha import create_challenge, verify_solution
from django.conf import settings

LIFETIME = timedelta(minutes=20)
# PBKDF2 and not a single SHA-256 a try: browsers have it built in, so a program is hardly faster than a person's phone.
ALGORITHM = "PBKDF2/SHA-256"
ROUNDS = 1000
# A solution has 700 characters; longer ones are not looked at.
MAX_LENGTH = 4000


def make_challenge(letter_id: int, address_hash: bytes, *, now: datetime, hardness: int = 1) -> str:
    """A puzzle as JSON. Half of PROOF_TRIES times its hardness are needed on average, and never more than all of them
    (`data.most`).
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
    """Whether it solves a puzzle of ours for this letter and address, in time. Costs a few hashes, not the puzzle.

    One of half the hardness does as well: it may have been made before the last step.
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
    """Of the hardness too, so that an easy puzzle is not taken for a hard one."""
    message = f"proof of work:{purpose}:{letter_id}:{hardness}:".encode() + address_hash
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)
