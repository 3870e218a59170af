"""How values are kept in Valkey: as JSON, so that who can write there can lie to us but cannot make us run anything.

Keys are hashed: whoever reads Valkey learns no address, no network and no account from them.
"""

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings


def hashed_key(key: str, prefix: str, version: int) -> str:
    """HMAC-SHA256 under SECRET_KEY. Changing that key only makes counts start anew."""
    message = f"cache key:{version}:{key}".encode()
    return f"{prefix}:{hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:40]}"


class Json:
    """Instead of Django's pickle. Whole numbers stay as they are, so that Valkey can count them."""

    def dumps(self, value: Any) -> int | str:
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
