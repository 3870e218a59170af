"""Send one message to a webhook over HTTP, signed as the Standard Webhooks specification says.

Nothing of the answer is read but its status.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import partial

from letters.organizer.webhooks.targets import find_target
from letters.shared.outgoing import Unanswered, post

PREFIX = "whsec_"
SECRET_BYTES = 32
GONE = 410


@dataclass(frozen=True)
class Answer:
    """The status of an answer; or, without one, why there is none."""

    status: int | None = None
    error: str = ""

    @property
    def is_fine(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_of(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def send(url: str, secret: str, *, message_id: str, timestamp: int, body: bytes) -> Answer:
    """Send a message, and return how the other program answered. Raises nothing."""
    signature = signature_of(secret, message_id=message_id, timestamp=timestamp, body=body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Undersigned webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    try:
        return Answer(post(partial(find_target, url), body, headers).status)
    except Unanswered as refused:
        return Answer(error=refused.code)
