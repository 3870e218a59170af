"""Whether a form was sent from one of our own pages."""


def is_foreign(*, fetch_site: str, origin: str, own_origin: str) -> bool:
    """True if the browser says that another site's page sent the request.

    Forms that carry no cookie need no CSRF token: there is no ambient authority to misuse. What is left is a foreign
    page signing with its visitors' addresses, and browsers name the sender (Fetch Metadata, W3C). Pages with
    `Referrer-Policy: no-referrer` send `Origin: null`, which therefore says nothing.
    """
    if fetch_site:
        return fetch_site in {"cross-site", "same-site"}
    return origin not in {"", "null", own_origin}
