"""Hash where a form came from: keyed hashes, kept for a week, instead of network addresses and names of browsers.

Privacy: a network has another hash under each letter, so nobody can join letters by it. The hash of a browser's type is
the same everywhere. There are only a few dozen types, each with a family and a platform and no version.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from django.conf import settings

from letters.shared.client_address import NOWHERE

HASH_BYTES = 8
TRACE_LIFETIME = timedelta(days=7)
# The site itself: a program or a proxy that does not say for whom it asks.
OWN_MACHINE = re.compile(r"127\.|::/48$")
# Denial of service: the rest of a header is not read.
MAX_HEADER = 400
# The first match counts, because Edge also says Chrome, and Chrome also says Safari.
FAMILIES: Sequence[tuple[str, str]] = [
    ("Edg", "edge"),
    ("OPR/", "opera"),
    ("SamsungBrowser", "samsung"),
    ("FxiOS", "firefox"),
    ("Firefox/", "firefox"),
    ("CriOS", "chrome"),
    ("Chrome/", "chrome"),
    ("Safari/", "safari"),
]
PLATFORMS: Sequence[tuple[str, str]] = [
    ("Android", "android"),
    ("iPhone", "ios"),
    ("iPad", "ios"),
    ("Windows", "windows"),
    ("Macintosh", "mac"),
    ("CrOS", "chromeos"),
    ("Linux", "linux"),
]


def browser_type(user_agent: str) -> str:
    """Return the family and the platform of a browser: "firefox on linux"."""
    header = user_agent[:MAX_HEADER]
    family, platform = (
        next((name for mark, name in known if mark in header), "other") for known in (FAMILIES, PLATFORMS)
    )
    return f"{family} on {platform}"


def hash_network(letter_id: int, network: str) -> bytes | None:
    """Return a keyed hash of a network prefix for one letter; None if the prefix says nothing."""
    if network in {"", NOWHERE} or OWN_MACHINE.match(network):
        return None
    return _keyed("network", f"{letter_id}:{network}")


def hash_browser(browser: str) -> bytes:
    return _keyed("browser", browser)


def pair_of(network: bytes | memoryview | None, browser: bytes | memoryview | None) -> bytes | None:
    """Return one value for a hashed network and a hashed type of browser; None unless both are known."""
    return bytes(network) + bytes(browser) if network and browser else None


def hash_domain(letter_id: int, domain: str) -> bytes:
    """Return a keyed hash of a domain that an organisation owns, for one letter."""
    return _keyed("domain", f"{letter_id}:{domain}")


def _keyed(purpose: str, text: str) -> bytes:
    return hmac.digest(_key_for(settings.ADDRESS_HASH_KEY, purpose), text.encode(), hashlib.sha256)[:HASH_BYTES]


@lru_cache(maxsize=8)
def _key_for(secret: str, purpose: str) -> bytes:
    """Return a key for one purpose, so that no hash of one kind equals one of another kind, or of an address."""
    return hmac.digest(secret.encode(), f"undersigned: trace of a {purpose}".encode(), hashlib.sha256)
