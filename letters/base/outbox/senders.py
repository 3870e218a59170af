"""The sender of an email and where replies go. Nothing else decides this.

Privacy: emails that the site itself writes name the site alone. Otherwise a log of headers, or a list of emails, would
show which collective's letter an address is connected with. See docs/threat-model.md.
"""

import re
import time
import unicodedata
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext

from letters.models import OWNING, Collective, User
from letters.shared.folding import without_marks
from letters.shared.languages import interface_language
from letters.shared.site_name import site_name
from letters.shared.text import looks_like_link, normalized

# How many characters of a collective's name fit into a list of emails.
MAX_NAME_LENGTH = 60
# Spoofing: characters that end a quoted name in a header, or are invisible. The two joiners belong to words.
UNFIT = re.compile(r"[\"\\\\<>()\[\]:;,]")
JOINERS = "\u200c\u200d"
# Spoofing: pairs of letters or digits that look alike once marks and case are removed.
PAIRS = "0o 1i 3e 4a 5s 7t |i !i $s аa еe іi јj оo рp сc уy хx ԁd ѕs гr ɡg ոn սu υu οo ιi εe νv"  # noqa: RUF001
LOOK_ALIKES = str.maketrans({pair[0]: pair[1] for pair in PAIRS.split()})


@dataclass(frozen=True)
class Sender:
    # The value of the header From.
    address: str
    # The value of Reply-To, and who reads replies; "" if nobody does.
    reply_to: str = ""
    replies_to: str = ""


def site() -> Sender:
    """Return the sender of emails that the site itself writes."""
    return Sender(settings.DEFAULT_FROM_EMAIL)


def of_collective(collective: Collective, *, is_named: bool, language: str) -> Sender:
    """Return the sender of emails that a collective writes, for a reader of `language`.

    Privacy: use `is_named` only for people whose connection with the collective is known: those whose name is public
    under its letter, and those whom it invites. For others, the sender is the site alone, and nobody reads replies: a
    reply from a work address would reveal as much as the name.
    """
    if not is_named:
        return Sender(settings.BULK_FROM_EMAIL)
    with translation.override(interface_language(language)):
        name = gettext("{collective} via {site}").format(collective=shown_name(collective.name), site=site_name())
    address = f'"{UNFIT.sub(" ", name)}" <{parseaddr(settings.BULK_FROM_EMAIL)[1]}>'
    reply_to = _reader_in_second(collective.replies_to_id, int(time.monotonic())) if collective.replies_to_id else ""
    return Sender(address, reply_to, collective.name if reply_to else "")


def shown_name(name: str) -> str:
    """Return the collective's name in the sender. Spoofing: never a name that could pass for someone else's."""
    clean = "".join(" " if _is_unfit(each) else each for each in name)
    line = " ".join(clean.split())
    if not line or looks_like_link(name) or looks_like_site(name):
        return gettext("A collective")
    return line if len(line) <= MAX_NAME_LENGTH else f"{line[: MAX_NAME_LENGTH - 1].rstrip()}…"


def _is_unfit(character: str) -> bool:
    is_invisible = unicodedata.category(character)[0] in "CZ" and character not in JOINERS
    return is_invisible or UNFIT.match(character) is not None


def looks_like_site(name: str) -> bool:
    """Return whether a name contains the name of the site, or something that looks like it."""
    own = _skeleton(site_name())
    # A short name could be part of any word.
    return own in _skeleton(name) if len(own) > 5 else own in map(_skeleton, name.split())


def _skeleton(name: str) -> str:
    plain = without_marks(normalized("NFKC", name)).casefold().translate(LOOK_ALIKES)
    return "".join(filter(str.isalnum, plain)).replace("l", "i")


@lru_cache(maxsize=64)
def _reader_in_second(membership_id: int, second: int) -> str:
    """Return the address that gets replies, at most a second old; "" if it may no longer get any."""
    owner = {"memberships": membership_id, "memberships__role__in": OWNING, "is_active": True}
    confirmed = {"emailaddress__email": F("email"), "emailaddress__verified": True}
    return next((reader.email for reader in User.objects.filter(**owner, **confirmed).distinct()), "")
