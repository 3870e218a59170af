"""Find bare addresses of pages and mailboxes in a text, as people type and paste them.

This is our own code, because the usual library is a thousand times slower, and takes "it was late.It rained" for a page
in Italy. Denial of service: each pattern begins with a look-behind, so the search is linear in the length of the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Characters that end an address: quotation marks, and Chinese and Japanese brackets and punctuation.
_QUOTES = r"\"`\u00ab\u00bb\u2018\u201c-\u201e\u2039\u203a"
_WIDE = r"\u3001\u3002\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
_REST = rf"[^\s<>|{_QUOTES}{_WIDE}]"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = rf"(?:{_LABEL}\.)+[^\W\d_]{{2,24}}"
# Chinese and Japanese put no space before an address.
_WITH_SCHEME = rf"(?<![a-z0-9_/])https?://{_REST}+"
_MAILBOX = rf"(?<![\w.+/@:-])(?:mailto:)?[\w.+-]{{1,64}}@{_HOST}(?![\w@])"
_BARE = rf"(?<![\w@./:+-]){_HOST}(?:/{_REST}*)?(?![\w@])"
ADDRESSES = re.compile(rf"(?P<page>{_WITH_SCHEME})|(?P<mailbox>{_MAILBOX})|(?P<bare>{_BARE})", re.IGNORECASE)
# After a word in lower case, only these endings make an address. With any other, a space may be missing.
SURE = {"com", "edu", "eu", "gov", "info", "int", "net", "org"}
FOLLOWS = ".,;:!?'\u2019\u2026*_~"
PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True)
class Found:
    """An address in a text: its position and its target."""

    start: int
    end: int
    target: str


def addresses_in(text: str) -> Iterator[Found]:
    for match in ADDRESSES.finditer(text):
        words = _without_what_follows(match[0])
        if target := _target(match.lastgroup or "", words):
            yield Found(match.start(), match.start() + len(words), target)


def _without_what_follows(words: str) -> str:
    """Strip the punctuation of the sentence around an address. A bracket that was opened inside belongs to it."""
    surplus = {closing: words.count(closing) - words.count(opening) for closing, opening in PAIRS.items()}
    end = len(words)
    while end and (words[end - 1] in FOLLOWS or surplus.get(words[end - 1], 0) > 0):
        end -= 1
        if words[end] in surplus:
            surplus[words[end]] -= 1
    return words[:end]


def _target(kind: str, words: str) -> str:
    if kind == "mailbox":
        return words if words.lower().startswith("mailto:") else f"mailto:{words}"
    if kind == "page":
        return words if len(words.partition("//")[2]) > 1 else ""
    host, slash, _ = words.partition("/")
    is_sure = host == host.lower() and host.rpartition(".")[2] in SURE
    return f"https://{words}" if slash or is_sure or host.lower().startswith("www.") else ""
