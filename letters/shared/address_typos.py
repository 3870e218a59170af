"""Slips of the finger in the domain of an address: asked about, never put right.

A question that is wrong costs a signer, so it is asked only where no provider is likely to exist: see `likely_meant`.
"""

from functools import lru_cache

from letters.shared.domains import PRIVATE, PRIVATE_ABROAD, SUFFIXES

# The great providers.
PROVIDERS = {
    *["gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.it", "hotmail.fr", "live.com", "msn.com"],
    *["yahoo.com", "yahoo.it", "yahoo.fr", "yahoo.co.uk", "icloud.com", "me.com", "aol.com", "proton.me"],
    *["protonmail.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "libero.it", "yandex.ru"],
    *["mail.ru", "t-online.de", "comcast.net", "virgilio.it", "wanadoo.fr"],
}
# The name of a provider must be so long that what looks like a slip of it is likely to be one: of web.de, gmx.de and
# me.com most neighbours are sites of their own.
SHORTEST = 5
# Neighbours of great providers that exist: other providers, and words.
REAL = {
    *["email.com", "mail.com", "cloud.com", "wahoo.com", "photon.me", "protonmail.ch", "libera.it", "liberi.it"],
    *["liber.it", "libre.it", "libro.it", "liberto.it", "hotmail.co", "virgili.it", "virgin.it", "homemail.com"],
    *["dotmail.com", "hotmail.rs", "tonline.de", "combat.net", "yandex.eu", "yahoo.cn", "hushmail.com"],
}
NO_SLIPS = PROVIDERS | PRIVATE | PRIVATE_ABROAD | REAL
# With a provider under many countries' domains only these endings are slips of its own.
OF_MANY_COUNTRIES = {"com", "net"}


def likely_meant(deliverable: str) -> str:
    """The address with a great provider's domain, if the one typed is one slip of a finger away from it; else empty."""
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
    """Whether there is hardly a mailbox at the domain that was typed, which is one slip away from this provider."""
    if SUFFIXES.publicsuffix(typed, accept_unknown=False) is None:
        return True  # gmail.con: nobody can own a domain there.
    typed_name, _, typed_ending = typed.partition(".")
    name, _, ending = provider.partition(".")
    if len(name) < SHORTEST:
        return False
    if typed_ending != ending:
        return typed_name == name and ending in OF_MANY_COUNTRIES
    # Another first letter makes another name: ymail.com, fmail.com, dcloud.com. So does a letter before it.
    return typed_name[1:] != name[1:] and typed_name[1:] != name


def one_slip(typed: str, meant: str) -> bool:
    """Whether one character too few, too many or wrong, or two swapped, make the one of the other."""
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
