"""How values are kept in Valkey: as JSON, so that who can write there can lie to us but cannot make us run anything."""

import json
from typing import Any


class Json:
    """Instead of Django's pickle. Whole numbers stay as they are, so that Valkey can count them."""

    def dumps(self, value: Any) -> int | str:
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
