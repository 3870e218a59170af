"""Find what names seldom contain: addresses of pages and mailboxes, and numerals."""

import re

from letters.shared.domains import SUFFIXES
from letters.shared.links import addresses_in

# Denial of service: the rest of a name is not compared.
MAX_NAME = 200
# Ordinal numbers are usual in a name: 2nd, 3rd, 4º, "the 3rd".
HONOUR = re.compile(r"\b\d{1,2}(?:st|nd|rd|th|er|e|º|ª|°|\.)(?!\w)", re.IGNORECASE)


def has_numerals(name: str) -> bool:
    return any(map(str.isdigit, HONOUR.sub("", name[:MAX_NAME])))


# Performance: most texts have nothing like this, and the search for addresses is slow.
MAY_HAVE_LINK = re.compile(r"\w[.@]\w|://")
# A domain has a real ending, all in one case, unlike "Dr.Who" and "J.R.R.Tolkien".
DOMAIN = re.compile(r"(?<![\w.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,5}[^\W\d_]{2,24}(?![\w.])")


def has_link(text: str) -> bool:
    """Return whether a text contains an address of a page or a mailbox."""
    if not MAY_HAVE_LINK.search(text):
        return False
    return any(addresses_in(text)) or any(_is_domain(match[0]) for match in DOMAIN.finditer(text))


def _is_domain(text: str) -> bool:
    ending = text.rpartition(".")[2]
    is_one_case = text == text.lower() or text == text.upper()
    return is_one_case and SUFFIXES.publicsuffix(ending.lower(), accept_unknown=False) is not None
