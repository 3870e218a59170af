"""Show internet domains to people, so that no character can pass for another one."""

import unicodedata

import idna

from letters.shared.lookalikes import LOOKS_LIKE
from letters.shared.text import normalized

# Japanese is written in these together.
JAPANESE = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})
# Parts of the names of characters that belong to every script.
OF_ALL = frozenset({"DIGIT", "HYPHEN-MINUS", "MIDDLE"})


def shown_domain(domain: str) -> str:
    """Return an ASCII domain as people read it: "bücher.example (xn--bcher-kva.example)".

    The ASCII form is always there. It stands alone for a domain that mixes scripts in one label, or whose letters look
    like Latin ones: such a domain can pass for another.
    """
    labels = [_readable(label) for label in domain.split(".")]
    if None in labels:
        return domain
    readable = ".".join(label or "" for label in labels)
    return domain if readable == domain else f"{readable} ({domain})"


def _readable(label: str) -> str | None:
    """Return the label in its own script; None if that could be taken for another label."""
    if not label.startswith("xn--"):
        return label
    try:
        readable = idna.decode(label)
    except idna.IDNAError:
        return None
    others = [each for each in readable if not each.isascii()]
    scripts = {_script(each) for each in normalized("NFKD", readable)} - OF_ALL
    scripts = {script for script in scripts if script != "COMBINING"}
    if len(scripts) > 1 and not scripts <= JAPANESE:
        return None
    looks_latin = all(ord(each) in LOOKS_LIKE or each.isascii() for each in readable)
    has_twin = scripts == {"LATIN"} and any(ord(each) in LOOKS_LIKE for each in others)
    return None if looks_latin or has_twin else readable


def _script(character: str) -> str:
    return unicodedata.name(character, "?").split(" ")[0]
