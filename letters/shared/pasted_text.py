"""Convert text pasted from a word processor or an email to Markdown: bullets, rules, comments.

Only the rendering uses the result: the text is stored and fingerprinted as it was typed.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

FENCE = re.compile(r" {0,3}(```|~~~)")
# Characters that always begin a list item; "o" only before a tab, as Word writes it.
BULLET = re.compile(r"([ \t]*)(?:([•‣◦▪▫●○■□➢➤►∙])[ \t\u00a0]*|(o|§)\t[ \t\u00a0]*)(?=\S)")
# Characters that begin a list item if several lines have them. A single one is an ordinary dash.
DASH = re.compile(r"([ \t]*)([\u2013\u00b7])[ \t\u00a0]+(?=\S)")
# Markdown turns a paragraph above such a line into a heading.
UNDERLINE = re.compile(r" {0,3}(-+|=+)[ \t]*$")
MIN_UNDERLINE = 3
MAX_HEADLINE_LENGTH = 100


def as_markdown(text: str) -> str:
    lines = list(_outside_fences(_without_comments(text).split("\n")))
    return "\n".join(_with_bullets(_with_rules(lines)))


# A line, and whether it may be changed.
Line = tuple[str, bool]


def _without_comments(text: str) -> str:
    """Remove HTML comments. One that is never closed stays."""
    kept, place = [], 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[place:start])
        place = end + 3
    return "".join([*kept, text[place:]])


def _outside_fences(lines: list[str]) -> Iterator[Line]:
    fence = ""
    for line in lines:
        match = FENCE.match(line)
        yield line, not fence and not match
        if match and fence in {"", match[1]}:
            fence = "" if fence else match[1]


def _with_rules(lines: list[Line]) -> Iterator[Line]:
    """Turn dashes below a sentence into a rule, and two dashes into text.

    Below a few words, dashes underline a heading.
    """
    height = 0
    for number, (line, is_ours) in enumerate(lines):
        match = UNDERLINE.match(line) if is_ours else None
        if match and len(match[1]) < MIN_UNDERLINE and line.strip() != "-":
            yield line.replace(match[1], "\\" + match[1], 1), is_ours
        elif match and height and not _is_headline(lines[number - 1][0], height):
            yield "", is_ours
            yield line, is_ours
        else:
            yield line, is_ours
        height = height + 1 if line.strip() and not match else 0


def _is_headline(line: str, height: int) -> bool:
    words = line.strip()
    return height == 1 and len(words) <= MAX_HEADLINE_LENGTH and not words.endswith((".", ",", ";", "!", "…"))


def _with_bullets(lines: Iterator[Line]) -> Iterator[str]:
    """Convert bullets. A bullet character that differs from the one above begins a nested list."""
    all_lines = list(lines)
    dashed = {number for number, (line, is_ours) in enumerate(all_lines) if is_ours and DASH.match(line)}
    full = [number for number, (line, _) in enumerate(all_lines) if line.strip()]
    beside = {each for pair in pairwise(full) if dashed.issuperset(pair) for each in pair}
    signs: list[str] = []
    for number, (line, is_ours) in enumerate(all_lines):
        match = (BULLET.match(line) or (DASH.match(line) if number in beside else None)) if is_ours else None
        if match:
            sign = next(filter(None, match.groups()[1:]))
            signs = signs[: signs.index(sign) + 1] if sign in signs else [*signs, sign]
            yield f"{match[1] or '  ' * (len(signs) - 1)}- {line[match.end() :]}"
            continue
        if line.strip() and number and not all_lines[number - 1][0].strip():
            signs = []
        yield line
