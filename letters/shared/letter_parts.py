"""Find the parts of a letter that have a style of their own: salutation, opening paragraph and closing."""

import re
from collections.abc import Iterator

# Shorter paragraphs do not fill the three lines of the initial, even on a phone.
MIN_CHARACTERS = 200
MAX_SALUTATIONS = 3
# "Dear ministers,", "Yours sincerely,", names and places are short. Longer paragraphs are ordinary text.
MAX_LINE_LENGTH = 120
MAX_CLOSINGS = 4
# Browsers enlarge a quotation mark or bracket together with the letter after it.
FIRST_LETTER = re.compile(r"[^\w\s·]{0,2}([^\W\d_])")
# The punctuation after "Dear ministers" and "Yours sincerely", also in Arabic, Chinese and Japanese.
ENDS_OPEN = (",", ":", "\u060c", "\uff0c", "\uff1a", "\u3001")
PARAGRAPH = re.compile(r"\s*<p>(.*?)</p>", re.DOTALL)
ONLY_EMPHASIS = re.compile(r"<em>(?:(?!</em>).)*</em>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
ENTITY = re.compile(r"&#?\w+;")
FOOTNOTES = '<section class="footnotes">'


def with_parts(html: str) -> str:
    """Add the classes `salutation`, `opening` and `closing` to the paragraphs of a letter.

    `opening` gets the large initial. It is the first real paragraph, not "Dear ministers,": that is one line long, and
    the initial is three lines high. No paragraph gets it if the text opens with a heading, a list or an address block,
    or if the first real paragraph is too short.
    """
    salutations, opening = _beginning(html)
    place = _end_of(salutations, opening)
    marked = [_with_class(match[0], "salutation") for match in salutations]
    marked += [_with_class(opening[0], "opening")] if opening else []
    return "".join(marked) + _with_closing(html[place:])


def without_closing(html: str) -> str:
    """Return the letter without its closing, if anything else is left."""
    place = _end_of(*_beginning(html))
    closing = _place_of_closing(html[place:])
    if closing is None:
        return html
    body = html[place:][: closing[0]] + html[place:][closing[1] :]
    return html[:place] + body if place or body.strip() else html


def _end_of(salutations: list[re.Match[str]], opening: re.Match[str] | None) -> int:
    begun = [*salutations, *([opening] if opening else [])]
    return begun[-1].end() if begun else 0


def _beginning(html: str) -> tuple[list[re.Match[str]], re.Match[str] | None]:
    """Return the salutations, and the paragraph that gets the initial if there is one."""
    place = 0
    short: list[re.Match[str]] = []
    while paragraph := PARAGRAPH.match(html, place):
        words = _words(paragraph[1])
        if len(words) >= MIN_CHARACTERS:
            if _can_carry_it(paragraph[1], words):
                return short, paragraph
            break
        if len(short) == MAX_SALUTATIONS:
            break
        short.append(paragraph)
        place = paragraph.end()
    return short[:1] if short and is_salutation(_words(short[0][1])) else [], None


def is_salutation(line: str) -> bool:
    """Return whether the first line of a text is a greeting, such as "Dear ministers,"."""
    return len(line) <= MAX_LINE_LENGTH and line.endswith(ENDS_OPEN)


def _can_carry_it(inside: str, words: str) -> bool:
    """Return whether the initial suits the paragraph. A large lower-case letter looks like a mistake, and Italian texts
    begin with one after "Gentile ministra,".
    """
    first = FIRST_LETTER.match(words)
    return "<br" not in inside and first is not None and not first[1].islower()


def _with_closing(html: str) -> str:
    """Mark the closing: short paragraphs at the end, from "Yours sincerely," or from one that is all emphasis."""
    place = _place_of_closing(html)
    if place is None:
        return html
    first, end = place
    closing = html[first:end].replace("<p>", '<p class="closing">')
    return html[:first] + closing + html[end:]


def _place_of_closing(html: str) -> tuple[int, int] | None:
    end = html.find(FOOTNOTES) if FOOTNOTES in html else len(html)
    starts = list(_short_paragraphs_at_the_end(html[:end]))[::-1]
    first = next((start for start in starts if _begins_closing(html[start:end])), None)
    return None if first is None else (first, end)


def _short_paragraphs_at_the_end(html: str) -> Iterator[int]:
    """Yield the start of each short paragraph at the end, the last one first.

    Paragraphs in lists and quotations do not count.
    """
    end = len(html)
    for _ in range(MAX_CLOSINGS):
        before = html[:end].rstrip()
        start = before.rfind("<p>")
        if not before.endswith("</p>") or start < 0 or len(_words(before[start:])) > MAX_LINE_LENGTH:
            return
        yield start
        end = start


def _begins_closing(html: str) -> bool:
    paragraph = PARAGRAPH.match(html)
    if paragraph is None:
        return False
    line = _words(paragraph[1].split("<br", 1)[0])
    return line.endswith(ENDS_OPEN) or ONLY_EMPHASIS.fullmatch(paragraph[1]) is not None


def _words(inside: str) -> str:
    return ENTITY.sub("·", TAG.sub("", inside)).strip()


def _with_class(paragraph: str, name: str) -> str:
    return paragraph.replace("<p>", f'<p class="{name}">', 1)
