"""How much of a letter a new text changes, and whether that is still a correction.

Whoever signed stands by what they read. A correction keeps their names under the text, so it must not be able to say
something else: not at once, and not in ten small steps.
"""

import re

from letters.models import History, Letter, Revision, Translation
from letters.shared.differences import changed_words, same_words
from letters.shared.pictures import ADDRESS
from letters.shared.plain_text import to_plain

# A correction changes at most this part of the words, and in a text that is very short at most so many.
MAX_CHANGED = 0.05
ALWAYS_ALLOWED = 3

STRIKES = re.compile("(</?(?:s|del)>)")


def says_something_else(letter: Letter, revision: Revision) -> bool:
    """Whether a new text is more than a correction of the last one that people signed as such, in any language.

    Compared with that one and not with the text before: corrections add up.
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
    """Whether another picture than the one that readers see stands above a new text."""
    current = letter.current_revision
    return current is not None and (revision.cover_id, revision.cover_alt) != (current.cover_id, current.cover_alt)


def _first_in_each_language(letter: Letter, since: Revision) -> dict[str, Translation]:
    """The text that says what the letter says now; of a language that came later, the first one."""
    published = {"revision__letter": letter, "revision__published_at__isnull": False}
    found = Translation.objects.filter(**published, revision__number__gte=since.number)
    return {text.language: text for text in found.order_by("language", "revision__number").distinct("language")}


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
    """What readers see. A few marks in the source hide a whole paragraph, or bring it back: two arrows make it a
    comment, two waves strike it out.
    """
    return to_plain(_not_struck_out(text.html), base="")


def _not_struck_out(html: str) -> str:
    # Denial of service: a pattern for all from one tag to the other would look for the end anew at each beginning.
    kept, depth = [], 0
    for piece in STRIKES.split(html):
        if STRIKES.fullmatch(piece):
            depth = max(0, depth - 1 if piece.startswith("</") else depth + 1)
            kept.append(" ")
        elif not depth:
            kept.append(piece)
    return "".join(kept)


def _pictures(body: str) -> list[str]:
    """A picture may hold words of its own."""
    return [found[1] for found in ADDRESS.finditer(body)]
