"""Store cache values in Valkey as JSON. Security: someone who can write there can change values but cannot run code.

Privacy: keys are hashed, so that Valkey reveals no address, network or account.
"""

import hashlib
import hmac
import json
from typing import Any

import redis
from django.conf import settings

from letters.shared.valkey import pool_for


def hashed_key(key: str, prefix: str, version: int) -> str:
    """Return HMAC-SHA256 under SECRET_KEY. Changing the key only resets counts."""
    message = f"cache key:{version}:{key}".encode()
    return f"{prefix}:{hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:40]}"


class Json:
    """Replaces Django's pickle. Integers stay as they are, so that Valkey can increment them."""

    def dumps(self, value: Any) -> int | str:
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class Pool:
    """Django's cache asks for its connections here, so that it follows Sentinel like everything else."""

    @staticmethod
    def from_url(url: str, **options: Any) -> redis.ConnectionPool:
        return pool_for(url, **options)
