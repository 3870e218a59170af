"""Where a letter's text begins: the paragraph that takes the large initial."""

import re

# With less, the three lines of the initial stand beside one or two lines of text, even in the narrow column of a phone.
FEWEST_CHARACTERS = 200
MAX_SALUTATIONS = 3
# Browsers enlarge a quotation mark or a bracket with the letter after it.
FIRST_LETTER = re.compile(r"[^\w\s·]{0,2}([^\W\d_])")
PARAGRAPH = re.compile(r"\s*<p>(.*?)</p>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
ENTITY = re.compile(r"&#?\w+;")


def with_initial(html: str) -> str:
    """Our own HTML, with `opening` as the class of the first real paragraph, and `salutation` on short lines before it.

    "Dear ministers," takes no initial: it is one line, and the initial is three lines high. Nothing is marked in a text
    that opens with a heading, a list, an address block, or with no paragraph that is long enough.
    """
    place = 0
    salutations: list[re.Match[str]] = []
    while found := PARAGRAPH.match(html, place):
        words = _words(found[1])
        if len(words) >= FEWEST_CHARACTERS:
            return _marked(html, salutations, found) if _can_carry_it(found[1], words) else html
        if len(salutations) == MAX_SALUTATIONS:
            break
        salutations.append(found)
        place = found.end()
    return html


def _can_carry_it(inside: str, words: str) -> bool:
    """A small letter, as in Italian after "Gentile ministra,", looks like a slip. Some scripts have one kind only."""
    first = FIRST_LETTER.match(words)
    return "<br" not in inside and first is not None and not first[1].islower()


def _words(inside: str) -> str:
    return ENTITY.sub("·", TAG.sub("", inside)).strip()


def _marked(html: str, salutations: list[re.Match[str]], opening: re.Match[str]) -> str:
    marked = [_with_class(found[0], "salutation") for found in salutations]
    return "".join([*marked, _with_class(opening[0], "opening"), html[opening.end() :]])


def _with_class(paragraph: str, name: str) -> str:
    return paragraph.replace("<p>", f'<p class="{name}">', 1)
