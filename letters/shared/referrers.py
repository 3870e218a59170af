"""Find out whether one of our own pages sent a form, and which host led a reader here."""

import re
from urllib.parse import urlsplit

HOST = re.compile(r"(?=.{4,100}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def is_foreign(*, fetch_site: str, origin: str, own_origin: str) -> bool:
    """Return whether another site's page sent the request, according to the browser.

    Forms without a cookie need no CSRF token, because there is no ambient authority to misuse. What remains is a
    foreign page that signs with its visitors' addresses, and browsers name the sender (Fetch Metadata, W3C). Pages with
    `Referrer-Policy: no-referrer` send `Origin: null`, so that value says nothing.
    """
    if fetch_site:
        return fetch_site in {"cross-site", "same-site"}
    return origin not in {"", "null", own_origin}


def host_elsewhere(said: str, *, own_origin: str) -> str:
    """Return the host that a reader came from; "" if it is invalid or our own.

    Privacy: return no more than the host, because the rest of an address may identify someone. IP addresses and names
    in a home network are left out too: organizers do not need them, and they may belong to one person.
    """
    host = said.lower().removeprefix("www.")
    own = (urlsplit(own_origin).hostname or "").removeprefix("www.")
    return host if HOST.fullmatch(host) and host != own and not host.endswith(HOUSE) else ""


# Names in home and office networks (RFC 6762, 8375, ICANN's .internal).
HOUSE = (".local", ".localdomain", ".lan", ".home", ".internal", ".intranet", ".corp", ".home.arpa")
