"""Read the domain of an address: may it sign a letter, is its provider private, and is it disposable?"""

import re
from collections.abc import Collection
from pathlib import Path

from disposable_email_domains import blocklist
from publicsuffixlist import PublicSuffixList

DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
# Providers of private mailboxes, whose email no employer reads.
PRIVATE = {
    *["gmail.com", "googlemail.com", "icloud.com", "me.com", "mac.com", "aol.com", "mail.com", "email.com"],
    *["ymail.com", "proton.me", "protonmail.com", "pm.me", "tuta.com", "tutanota.com", "tutamail.com"],
    *["posteo.de", "posteo.net", "mailbox.org", "fastmail.com", "fastmail.fm", "hey.com", "duck.com"],
    *["riseup.net", "disroot.org", "autistici.org", "web.de", "freenet.de", "t-online.de", "libero.it"],
    *["virgilio.it", "tiscali.it", "alice.it", "tim.it", "orange.fr", "laposte.net", "free.fr", "sfr.fr"],
    *["wanadoo.fr", "bluewin.ch", "chello.nl", "ziggo.nl", "kpnmail.nl", "mail.ru", "bk.ru", "list.ru"],
    *["inbox.ru", "ya.ru", "rambler.ru", "ukr.net", "seznam.cz", "wp.pl", "o2.pl", "onet.pl", "qq.com"],
    *["163.com", "126.com", "naver.com", "daum.net", "rediffmail.com", "uol.com.br", "bol.com.br", "msn.com"],
    *["comcast.net", "verizon.net", "att.net", "btinternet.com", "sky.com", "bigpond.com", "rocketmail.com"],
}
# Providers with domains in many countries.
PRIVATE_BY_NAME = frozenset({"yahoo", "hotmail", "outlook", "live", "gmx", "yandex", "zoho"})
# The countries in which these providers have a domain. Abuse: if the name alone counted, anyone could register it in a
# new top-level domain.
PRIVATE_ABROAD = frozenset(
    f"{name}.{place}"
    for name, places in {
        "yahoo": "com ca co.uk fr de it es ie ro se dk no pl gr in co.in co.jp co.id com.br com.ar com.mx com.au",
        "hotmail": "com ca co.uk fr de it es be nl ch se dk no fi gr com.br com.ar com.au co.jp",
        "outlook": "com fr de it es at be dk ie pt cz sk hu jp kr in com.br com.ar com.au",
        "live": "com ca co.uk fr de it nl be at ch se dk no ie com.ar com.au com.mx jp",
        "gmx": "com net org de at ch fr es us co.uk",
        "yandex": "com ru by kz ua com.tr",
        "zoho": "com eu in",
    }.items()
    for place in places.split()
)
SUFFIXES = PublicSuffixList()


def _own_list() -> frozenset[str]:
    lines = Path(__file__).with_name("throwaway_domains.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


# The well-known providers, so that no release of the package can leave them out.
OWN_LIST = _own_list()


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def match_domain(domain: str, listed: Collection[str]) -> str:
    """Return the listed domain that equals this one or contains it (example.edu contains
    cs.example.edu); "" if none does.
    """
    matching = [each for each in listed if domain == each.lower() or domain.endswith(f".{each.lower()}")]
    return max(matching, key=len, default="")


def is_disposable(domain: str) -> bool:
    """Return whether mailboxes at the domain are disposable, by our own list or that of disposable-email-domains."""
    return is_listed(domain, OWN_LIST) or is_listed(domain, blocklist)


def is_listed(domain: str, listed: Collection[str]) -> bool:
    """Return whether a set has the domain, or one that contains it."""
    labels = domain.split(".")
    return any(".".join(labels[place:]) in listed for place in range(len(labels) - 1))


def is_private(domain: str) -> bool:
    """Return whether the domain belongs to a large provider, so that it says nothing about its users."""
    owned = registrable(domain)
    return owned in PRIVATE or owned in PRIVATE_ABROAD


def registrable(domain: str) -> str:
    """Return the part of a domain that one person can own: example.co.uk for mail.example.co.uk."""
    return SUFFIXES.privatesuffix(domain) or domain
