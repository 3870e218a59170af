"""Find likely typing mistakes in the domain of an address. We ask about them and never correct them.

A wrong question costs a signer, so we ask only where another provider is unlikely: see `likely_meant`.
"""

from functools import lru_cache

from letters.shared.domains import PRIVATE, PRIVATE_ABROAD, SUFFIXES

# Large providers.
PROVIDERS = {
    *["gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.it", "hotmail.fr", "live.com", "msn.com"],
    *["yahoo.com", "yahoo.it", "yahoo.fr", "yahoo.co.uk", "icloud.com", "me.com", "aol.com", "proton.me"],
    *["protonmail.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "libero.it", "yandex.ru"],
    *["mail.ru", "t-online.de", "comcast.net", "virgilio.it", "wanadoo.fr"],
}
# Providers with shorter names, such as web.de, gmx.de and me.com: most names that differ by a letter are other sites.
MIN_LENGTH = 5
# Existing domains that look like mistyped providers: other providers, and words.
REAL = {
    *["email.com", "mail.com", "cloud.com", "wahoo.com", "photon.me", "protonmail.ch", "libera.it", "liberi.it"],
    *["liber.it", "libre.it", "libro.it", "liberto.it", "hotmail.co", "virgili.it", "virgin.it", "homemail.com"],
    *["dotmail.com", "hotmail.rs", "tonline.de", "combat.net", "yandex.eu", "yahoo.cn", "hushmail.com"],
}
NO_SLIPS = PROVIDERS | PRIVATE | PRIVATE_ABROAD | REAL
# For providers with domains in many countries, ask only about mistakes in these endings.
OF_MANY_COUNTRIES = {"com", "net"}


def likely_meant(deliverable: str) -> str:
    """Return the address at a large provider, if one keystroke separates it from the typed one; otherwise ""."""
    name, _, domain = deliverable.rpartition("@")
    meant = _provider_meant(domain.lower())
    return f"{name}@{meant}" if meant else ""


@lru_cache(maxsize=4096)
def _provider_meant(domain: str) -> str:
    if domain in NO_SLIPS:
        return ""
    near = [provider for provider in sorted(PROVIDERS) if one_slip(domain, provider)]
    return next((provider for provider in near if _is_no_site(domain, provider)), "")


def _is_no_site(typed: str, provider: str) -> bool:
    """Return whether the typed domain, one keystroke away from this provider, is unlikely to have mailboxes."""
    if SUFFIXES.publicsuffix(typed, accept_unknown=False) is None:
        return True  # Example: gmail.con. Nobody can own a domain there.
    typed_name, _, typed_ending = typed.partition(".")
    name, _, ending = provider.partition(".")
    if len(name) < MIN_LENGTH:
        return False
    if typed_ending != ending:
        return typed_name == name and ending in OF_MANY_COUNTRIES
    # A different or additional first letter makes another name: ymail.com, fmail.com, dcloud.com.
    return typed_name[1:] != name[1:] and typed_name[1:] != name


def one_slip(typed: str, meant: str) -> bool:
    """Return whether one missing, extra or wrong character, or two swapped ones, separate the two."""
    short, long = sorted([typed, meant], key=len)
    if len(long) - len(short) == 1:
        return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))
    differing = [place for place, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]]
    if len(short) != len(long) or len(differing) > 2:
        return False
    if len(differing) == 2:
        first, second = differing
        return second == first + 1 and (typed[first], typed[second]) == (meant[second], meant[first])
    return len(differing) == 1
