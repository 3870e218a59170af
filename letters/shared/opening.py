"""Find the opening paragraph of a letter, which gets the large initial."""

import re

# Shorter paragraphs do not fill the three lines of the initial, even on a phone.
FEWEST_CHARACTERS = 200
MAX_SALUTATIONS = 3
# Browsers enlarge a quotation mark or bracket together with the letter after it.
FIRST_LETTER = re.compile(r"[^\w\s·]{0,2}([^\W\d_])")
PARAGRAPH = re.compile(r"\s*<p>(.*?)</p>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
ENTITY = re.compile(r"&#?\w+;")


def with_initial(html: str) -> str:
    """Add the class `opening` to the first real paragraph, and `salutation` to short lines before it.

    "Dear ministers," gets no initial: it is one line, and the initial is three lines high. A text is left as it is if
    it opens with a heading, a list or an address block, or if no paragraph is long enough.
    """
    place = 0
    salutations: list[re.Match[str]] = []
    while paragraph := PARAGRAPH.match(html, place):
        words = _words(paragraph[1])
        if len(words) >= FEWEST_CHARACTERS:
            return _marked(html, salutations, paragraph) if _can_carry_it(paragraph[1], words) else html
        if len(salutations) == MAX_SALUTATIONS:
            break
        salutations.append(paragraph)
        place = paragraph.end()
    return html


def _can_carry_it(inside: str, words: str) -> bool:
    """Tell whether the initial suits the paragraph.

    A large lower-case letter looks like a mistake. Italian texts begin with one after "Gentile ministra,".
    """
    first = FIRST_LETTER.match(words)
    return "<br" not in inside and first is not None and not first[1].islower()


def _words(inside: str) -> str:
    return ENTITY.sub("·", TAG.sub("", inside)).strip()


def _marked(html: str, salutations: list[re.Match[str]], opening: re.Match[str]) -> str:
    marked = [_with_class(match[0], "salutation") for match in salutations]
    return "".join([*marked, _with_class(opening[0], "opening"), html[opening.end() :]])


def _with_class(paragraph: str, name: str) -> str:
    return paragraph.replace("<p>", f'<p class="{name}">', 1)
