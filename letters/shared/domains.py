"""What the domain of an address says: which letter it may sign, who reads its mail, how long it will live."""

from collections.abc import Collection

from disposable_email_domains import blocklist

# Whose mail nobody's employer runs: great and small providers of private mailboxes.
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
# Providers with a domain in many countries.
PRIVATE_BY_NAME = frozenset({"yahoo", "hotmail", "outlook", "live", "gmx", "yandex", "zoho"})


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def match_domain(domain: str, listed: Collection[str]) -> str:
    """The listed domain that this one is, or is below (cs.example.edu is below example.edu); empty if none is."""
    matching = [each for each in listed if domain == each.lower() or domain.endswith(f".{each.lower()}")]
    return max(matching, key=len, default="")


def is_disposable(domain: str) -> bool:
    """Whether mailboxes there are made to be thrown away (disposable-email-domains)."""
    labels = domain.split(".")
    return any(".".join(labels[place:]) in blocklist for place in range(len(labels) - 1))
