"""Measure how much of a letter a new text changes, and whether that is still a correction.

After a correction, people's names are below a text that they did not read. So corrections must not make a letter say
something else, neither in one step nor in ten small ones.
"""

import re

from letters.models import History, Letter, Revision, Translation
from letters.shared.differences import changed_words, same_words
from letters.shared.pictures import ADDRESS
from letters.shared.plain_text import to_plain

# A correction may change this share of the words. In a very short text it may always change ALWAYS_ALLOWED of them.
MAX_CHANGED = 0.05
ALWAYS_ALLOWED = 3

STRIKES = re.compile("(</?(?:s|del)>)")


def says_something_else(letter: Letter, revision: Revision) -> bool:
    """Return whether a new text is more than a correction of the one that people last signed, in any language.

    The comparison is with the text that people signed, not with the previous revision: corrections add up.
    """
    since = History.of(letter).since
    if since is None:
        return False
    if (revision.cover_id, revision.cover_alt) != (since.cover_id, since.cover_alt):
        return True
    signed = _first_in_each_language(letter, since)
    texts = revision.translations.filter(language__in=signed)
    return any(_is_of_substance(signed[text.language], text) for text in texts)


def is_new_cover(letter: Letter, revision: Revision) -> bool:
    """Return whether a new text has another cover picture than the one that readers see."""
    current = letter.current_revision
    return current is not None and (revision.cover_id, revision.cover_alt) != (current.cover_id, current.cover_alt)


def _first_in_each_language(letter: Letter, since: Revision) -> dict[str, Translation]:
    """Return, for each language, the first published text since the last change of substance."""
    published = {"revision__letter": letter, "revision__published_at__isnull": False}
    translations = Translation.objects.filter(**published, revision__number__gte=since.number)
    return {text.language: text for text in translations.order_by("language", "revision__number").distinct("language")}


def _is_of_substance(old: Translation, new: Translation) -> bool:
    if not same_words(old.addressee, new.addressee) or not same_words(old.title, new.title):
        return True
    if _pictures(old.body) != _pictures(new.body):
        return True
    return _is_much(_written(old), _written(new)) or _is_much(_seen(old), _seen(new))


def _is_much(old: str, new: str) -> bool:
    changed, words = changed_words(old, new)
    return changed > max(ALWAYS_ALLOWED, int(words * MAX_CHANGED))


def _written(text: Translation) -> str:
    return f"{text.title}\n\n{text.summary}\n\n{text.body}"


def _seen(text: Translation) -> str:
    """Return what readers see.

    A few characters in the source can hide a whole paragraph or bring it back: an HTML comment, or `~~`.
    """
    return to_plain(_not_struck_out(text.html), base="")


def _not_struck_out(html: str) -> str:
    # Denial of service: a pattern that spans from an opening to a closing tag would search to the end again from every
    # opening tag.
    kept, depth = [], 0
    for piece in STRIKES.split(html):
        if STRIKES.fullmatch(piece):
            depth = max(0, depth - 1 if piece.startswith("</") else depth + 1)
            kept.append(" ")
        elif not depth:
            kept.append(piece)
    return "".join(kept)


def _pictures(body: str) -> list[str]:
    """Return the addresses of the pictures. A picture can contain words."""
    return [found[1] for found in ADDRESS.finditer(body)]
