"""Read the web address of an organisation. Security: it is shown as a link, and never fetched."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna

from letters.shared.domains import DOMAIN, SUFFIXES

MAX_LENGTH = 500
# Characters that stay in a path and in a query. All others are escaped.
SAFE = "/%:@!$&'()*+,;=~-._?"


@dataclass(frozen=True)
class Website:
    url: str
    # The part of the domain that one organisation can own: example.org for www.example.org.
    domain: str


def read_website(text: str) -> Website | None:
    """Return the address that a person typed, with https and its domain in ASCII; None if it is none.

    Spoofing: nothing may stand before the domain or after it that makes it look like another one, so names, passwords
    and ports are refused, and so are addresses of machines.
    """
    typed = "".join(text.split())
    if not typed or len(typed) > MAX_LENGTH:
        return None
    if "://" not in typed:
        typed = f"https://{typed}"
    try:
        parts = urlsplit(typed)
        host = idna.encode((parts.hostname or "").rstrip("."), uts46=True).decode().lower()
        has_more = parts.port is not None or parts.username is not None
    except (ValueError, UnicodeError):
        return None
    owned = SUFFIXES.privatesuffix(host) if DOMAIN.fullmatch(host) else None
    if parts.scheme.lower() not in {"https", "http"} or has_more or not owned or host.rpartition(".")[2].isdigit():
        return None
    query = f"?{quote(parts.query, safe=SAFE)}" if parts.query else ""
    url = f"https://{host}{quote(parts.path, safe=SAFE) or '/'}{query}"
    return Website(url, owned) if len(url) <= MAX_LENGTH else None
