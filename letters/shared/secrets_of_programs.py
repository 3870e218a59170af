"""The shape of the secrets of programs, so that whatever must not keep one recognises it: logs, addresses, scanners."""

import re
from urllib.parse import unquote

PREFIX = "und_"
# 32 random bytes. Whoever publishes one by mistake can be told: scanners of source code look for such shapes.
PERSONAL_TOKEN = rf"{PREFIX}[0-9a-f]{{64}}"
IN_ADDRESS = re.compile(PERSONAL_TOKEN, re.IGNORECASE)


def is_in_address(path_and_query: str) -> bool:
    """Return whether a path or a query contains a personal token."""
    return IN_ADDRESS.search(unquote(path_and_query)) is not None
