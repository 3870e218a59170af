"""Where somebody comes from: whether a form was sent from one of our own pages, and which host led a reader here."""

import re
from urllib.parse import urlsplit

HOST = re.compile(r"(?=.{4,100}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def is_foreign(*, fetch_site: str, origin: str, own_origin: str) -> bool:
    """True if the browser says that another site's page sent the request.

    Forms that carry no cookie need no CSRF token: there is no ambient authority to misuse. What is left is a foreign
    page signing with its visitors' addresses, and browsers name the sender (Fetch Metadata, W3C). Pages with
    `Referrer-Policy: no-referrer` send `Origin: null`, which therefore says nothing.
    """
    if fetch_site:
        return fetch_site in {"cross-site", "same-site"}
    return origin not in {"", "null", own_origin}


def host_elsewhere(said: str, *, own_origin: str) -> str:
    """The name of the host that a browser says a reader came from; empty if it is none, or our own.

    Never more than the host: what else stands in an address may say who somebody is. Numbers and the names of a house
    network are none that an organizer could know, and may be somebody's own.
    """
    host = said.lower().removeprefix("www.")
    own = (urlsplit(own_origin).hostname or "").removeprefix("www.")
    return host if HOST.fullmatch(host) and host != own and not host.endswith(HOUSE) else ""


# Networks of a house or an office (RFC 6762, 8375, ICANN's .internal).
HOUSE = (".local", ".localdomain", ".lan", ".home", ".internal", ".intranet", ".corp", ".home.arpa")
