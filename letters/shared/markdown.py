"""A letter's Markdown: one parser configuration and one token stream for the page, the preview, emails and the feed (by
their HTML), and for the PDF (exports/pdf/typesetting.py). So all of them have the same blocks, numbers and links.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from letters.shared.links import addresses_in
from letters.shared.pasted_text import as_markdown
from letters.shared.pictures import ADDRESS, picture_tag
from letters.shared.text import stream_safe

# Far beyond any letter. Denial of service: within these limits parsing takes less than a second; beyond them its time
# grows quadratically.
MAX_LENGTH = 100_000
MAX_LINES = 3000
# Characters that may begin or end markup.
MAX_SIGNS = 2500
SIGNS = "*_[]`<~^|@"
# Quotations and lists at the beginning of a line, one inside the other. Each costs the parser another look at the line.
MAX_BLOCK_MARKS = 6000
BLOCK_MARKS = re.compile(r"^[ \t]*(?:(?:>|(?:[-+*]|[0-9]{1,9}[.)])(?![^ \t\n]))[ \t]*)+", re.MULTILINE)
BLOCK_MARK = re.compile(r">|[-+*](?![^ \t\n])|[.)](?![^ \t\n])")
# For each of these the parser scans the rest of the text: pictures, and inline notes.
OPENINGS = ("![", "^[")
MAX_OPENINGS = 300
# A table fills up short rows: the number of bars in the longest line, times the number of lines.
MAX_CELLS = 20_000
MAX_LINKS = 1000
DEEPEST = 24
# Browsers do not follow longer links.
MAX_LINK_LENGTH = 2000
# Full disk, and denial of service to readers: a link that is defined once can be used a thousand times, and one bar
# makes a table cell. So the HTML may be this many times as long as the text, plus what a short text with a table needs.
HTML_PER_CHARACTER = 6
HTML_OF_ANY = 50_000

TAGS = {
    *["p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "br", "pre"],
    *["em", "strong", "s", "code", "a", "img", "sup", "section"],
    *["table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"],
}
ATTRIBUTES = {
    "a": {"href", "id", "dir"},
    "li": {"id", "value"},
    "ol": {"start"},
    "img": {"src", "alt", "width", "height", "loading", "srcset", "sizes"},
}
CLASSES = {"section": {"footnotes"}, "sup": {"footnote-ref"}, "a": {"footnote-backref"}}
ANCHOR = re.compile(r"fn(ref)?-[0-9a-f]{8}-[0-9]{1,4}(:[0-9]{1,4})?")
NUMBER = re.compile(r"[0-9]{1,9}")
TASK = re.compile(r"\[([ xX])\](?=[ \u00a0])")
# HTML tags are removed and their content stays. Text that only looks like a tag, such as <name>, stays too.
TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b[^>]*>|<!.*|<\?.*", re.DOTALL)
ENDS_A_LINE = {"br", "div", "li", "p", "tr"}
HTML = {
    *["a", "abbr", "article", "b", "big", "blockquote", "body", "br", "center", "cite", "code", "dd", "del", "details"],
    *["div", "dl", "dt", "em", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"],
    *["html", "i", "iframe", "img", "input", "ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "pre", "q", "s"],
    *["script", "section", "small", "span", "strike", "strong", "style", "sub", "sup", "svg", "table", "tbody", "td"],
    *["tfoot", "th", "thead", "title", "tr", "tt", "u", "ul", "video"],
}


class TooComplicated(ValueError):
    """A text more complicated than anyone writes by hand.

    `code` is "long", "lines", "signs", "deep", "cells", "links" or "html".
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def render_markdown(markdown: str) -> str:
    """Render Markdown as safe HTML: few tags, and links whose target is visible.

    Privacy: pictures are ours alone, because a picture from elsewhere would tell its owner who reads. Raises
    TooComplicated.
    """
    env: dict[str, Any] = {"docId": hashlib.sha256(markdown.encode("utf-8", "replace")).hexdigest()[:8]}
    tokens = parse(markdown, env)
    with _not_too_deep():
        html = str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, env))
    _bound_html(html, markdown)
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_only_ours,
        allowed_classes=CLASSES,
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    # Cleaning has added attributes to each link.
    _bound_html(clean, markdown)
    return clean


def _bound_html(html: str, markdown: str) -> None:
    if len(html) > HTML_OF_ANY + HTML_PER_CHARACTER * len(markdown):
        raise TooComplicated("html")


def parse(markdown: str, env: dict[str, Any] | None = None) -> list[Token]:
    """Parse Markdown. Raises TooComplicated. Everything that can be counted before parsing is counted in one pass."""
    text = stream_safe(markdown).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_LENGTH:
        raise TooComplicated("long")
    if text.count("\n") > MAX_LINES:
        raise TooComplicated("lines")
    if sum(map(text.count, SIGNS)) > MAX_SIGNS or sum(map(text.count, OPENINGS)) > MAX_OPENINGS:
        raise TooComplicated("signs")
    if sum(len(BLOCK_MARK.findall(marks)) for marks in BLOCK_MARKS.findall(text)) > MAX_BLOCK_MARKS:
        raise TooComplicated("deep")
    lines = text.split("\n")
    if max(line.count("|") for line in lines) * len(lines) > MAX_CELLS:
        raise TooComplicated("cells")
    with _not_too_deep():
        return MARKDOWN.parse(as_markdown(text), env if env is not None else {})


@contextmanager
def _not_too_deep() -> Iterator[None]:
    """Convert RecursionError: pictures in pictures and notes in notes are parsed recursively."""
    try:
        yield
    except RecursionError as deep:
        raise TooComplicated("deep") from deep


def _only_ours(element: str, attribute: str, value: str) -> str | None:
    """Check an attribute that was left. Privacy: two of them load something."""
    if element == "img" and attribute == "src":
        return value if ADDRESS.fullmatch(value) else None
    if attribute == "id":
        return value if ANCHOR.fullmatch(value) else None
    if attribute in {"start", "value"}:
        return value if NUMBER.fullmatch(value) else None
    if attribute == "dir":
        return value if value == "ltr" else None
    return value


# Rules, in the order in which they run


def _bound(state: StateCore) -> None:
    """Check the depth of blocks, before their inline content is parsed."""
    if any(token.level > DEEPEST for token in state.tokens):
        raise TooComplicated("deep")
    for reference in state.env.get("references", {}).values():
        # Full disk: the title would be repeated at each use, and no page shows it.
        reference["title"] = ""


def _bound_inside(state: StateCore) -> None:
    inside = (child for token in state.tokens for child in token.children or [])
    if any(child.level > DEEPEST for child in inside):
        raise TooComplicated("deep")


def _keep_footnotes(state: StateCore) -> None:
    """Keep footnotes without a reference: they were written to be read."""
    footnotes = state.env.get("footnotes", {})
    for label, number in footnotes.get("refs", {}).items():
        if number < 0:
            footnotes["refs"][label] = len(footnotes["list"])
            footnotes["list"][len(footnotes["list"])] = {"label": label[1:], "count": 0}


def _drop_tags(state: StateCore) -> None:
    for token in state.tokens:
        if token.children:
            token.children = list(_without_tags(token.children))


def _without_tags(children: list[Token]) -> Iterator[Token]:
    is_at_end = True
    for number, child in enumerate(children):
        made = _without_tag(child)
        if made.type == "hardbreak" and child.type == "html_inline":
            following = children[number + 1].type if number + 1 < len(children) else "softbreak"
            if is_at_end or following in {"softbreak", "hardbreak"}:
                continue
        if made.type != "text" or made.content:
            is_at_end = made.type in {"softbreak", "hardbreak"}
            yield made


def _without_tag(child: Token) -> Token:
    if child.type != "html_inline":
        return child
    match = TAG.fullmatch(child.content)
    name = (match[1] or "").lower() if match else ""
    if name in ENDS_A_LINE:
        return Token("hardbreak", "br", 0, level=child.level)
    is_none = match and (not name or name in HTML)
    return Token("text", "", 0, content="" if is_none else child.content, level=child.level)


def _link_addresses(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_linked(token.children))
    links = (child for token in state.tokens for child in token.children or [] if child.type == "link_open")
    if sum(1 for _ in links) > MAX_LINKS:
        raise TooComplicated("links")


def _linked(children: list[Token]) -> Iterator[Token]:
    depth = 0
    for number, child in enumerate(children):
        depth += child.nesting if child.type.startswith("link_") else 0
        if child.type == "link_open" and _says_its_address(child, children[number + 1]):
            # An address reads left to right, also inside right-to-left text.
            child.attrSet("dir", "ltr")
        if child.type == "text" and not depth:
            yield from _with_links(child)
        else:
            yield child


def _says_its_address(link: Token, inside: Token) -> bool:
    href = str(link.attrs.get("href", ""))
    return inside.type == "text" and bare(inside.content) == bare(href)


def bare(address: str) -> str:
    """Remove the parts of an address that people do not say aloud."""
    return re.sub(r"^(https?://|mailto:)?(www\.)?", "", address.strip(), flags=re.IGNORECASE).rstrip("/").lower()


def _with_links(token: Token) -> Iterator[Token]:
    place = 0
    for link in addresses_in(token.content):
        target = MARKDOWN.normalizeLink(link.target)
        if not MARKDOWN.validateLink(target):
            continue
        if token.content[place : link.start]:
            yield Token("text", "", 0, content=token.content[place : link.start], level=token.level)
        yield Token("link_open", "a", 1, attrs={"href": target, "dir": "ltr"}, level=token.level, info="auto")
        yield Token("text", "", 0, content=token.content[link.start : link.end], level=token.level + 1)
        yield Token("link_close", "a", -1, level=token.level, info="auto")
        place = link.end
    if token.content[place:]:
        yield Token("text", "", 0, content=token.content[place:], level=token.level)


def _rank_headings(state: StateCore) -> None:
    """Put the highest heading below the page's own headline, and keep the distances between levels."""
    headings = [token for token in state.tokens if token.type.startswith("heading_")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + 2, 6)}"


def _keep_numbers(state: StateCore) -> None:
    """Keep the numbers of a list as typed if they increase: people refer to "demand 4"."""
    lists: list[list[Token]] = []
    for token in state.tokens:
        if token.type == "ordered_list_open":
            lists.append([])
        elif token.type == "list_item_open" and lists and token.info:
            lists[-1].append(token)
        elif token.type == "ordered_list_close":
            _number(lists.pop())


def _number(items: list[Token]) -> None:
    typed = [int(item.info) for item in items]
    grows = all(one < other for one, other in pairwise(typed))
    due = typed[0] if typed else 0
    for item, number in zip(items, typed, strict=True):
        item.meta["number"] = number if grows else due
        if item.meta["number"] != due:
            item.attrSet("value", str(number))
        due = item.meta["number"] + 1


def _set_captions(state: StateCore) -> None:
    """Make a figure of one of our own pictures if it is alone in its paragraph and has a title, which is the caption.

    The description (`alt`) stays: it is for people who cannot see the picture.
    """
    for opening, inline, closing in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if opening.type != "paragraph_open" or len(inline.children or []) != 1:
            continue
        [only] = inline.children or []
        caption = caption_of(only.attrs) if only.type == "image" else ""
        if caption:
            opening.tag = closing.tag = "figure"
            inline.children = [
                only,
                Token("caption_open", "figcaption", 1, level=only.level),
                Token("text", "", 0, content=caption, level=only.level + 1),
                Token("caption_close", "figcaption", -1, level=only.level),
            ]


def caption_of(picture: Mapping[str, str | int | float]) -> str:
    """Return the caption of a picture with these attributes; "" if it has none, or is not one of ours."""
    return str(picture.get("title", "")).strip() if ADDRESS.fullmatch(str(picture.get("src", ""))) else ""


def _tick_boxes(state: StateCore) -> None:
    for before, token in zip(state.tokens[1:], state.tokens[2:], strict=False):
        if before.type != "paragraph_open" or token.type != "inline" or not token.children:
            continue
        first = token.children[0]
        if before.level and first.type == "text" and (match := TASK.match(first.content)):
            first.content = ("☐" if match[1] == " " else "☑") + first.content[match.end() :]


def _star_in_a_word(state: StateInline, silent: bool) -> bool:
    """Treat the star in "Bürger*innen" as part of the word, not as emphasis."""
    place, text = state.pos, state.src
    if text[place] != "*" or not 0 < place < state.posMax - 1 or not (text[place - 1] + text[place + 1]).isalnum():
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


# Rendering, where it differs from the library


def _picture(renderer: RendererHTML, tokens: Sequence[Token], number: int, options: Any, env: Any) -> str:
    token = tokens[number]
    alt = renderer.renderInlineAsText(token.children or [], options, env)
    return picture_tag(str(token.attrs["src"]), alt)


def _footnotes(*_: Any) -> str:
    return '<section class="footnotes">\n<ol>\n'


def _footnote_number(_: Any, tokens: Sequence[Token], number: int, *__: Any) -> str:
    return f"[{tokens[number].meta['id'] + 1}]"


def _way_back(renderer: Any, tokens: Sequence[Token], number: int, options: Any, env: Any) -> str:
    if env["footnotes"]["list"][tokens[number].meta["id"]].get("count") == 0:
        return ""
    name = renderer.rules["footnote_anchor_name"](tokens, number, options, env)
    sub = tokens[number].meta["subId"]
    # The variation selector prevents an emoji.
    return f' <a href="#fnref{name}{f":{sub}" if sub > 0 else ""}" class="footnote-backref">↩\ufe0e</a>'


RENDERED = {
    "image": _picture,
    "footnote_block_open": _footnotes,
    "footnote_caption": _footnote_number,
    "footnote_anchor": _way_back,
}


def _made() -> MarkdownIt:
    options = {"html": True, "breaks": True, "typographer": False, "linkify": False, "maxNesting": 100}
    made = MarkdownIt("commonmark", options).enable(["table", "strikethrough"]).use(footnote_plugin)
    # Letters have indented paragraphs, not code. HTML blocks are parsed as paragraphs with tags.
    made.disable(["code", "html_block"])
    made.inline.ruler.before("emphasis", "star_in_a_word", _star_in_a_word)
    made.core.ruler.after("block", "bound", _bound)
    made.core.ruler.after("inline", "bound_inside", _bound_inside)
    made.core.ruler.after("bound_inside", "keep_footnotes", _keep_footnotes)
    for name, rule in {
        "drop_tags": _drop_tags,
        "link_addresses": _link_addresses,
        "rank_headings": _rank_headings,
        "keep_numbers": _keep_numbers,
        "tick_boxes": _tick_boxes,
        "set_captions": _set_captions,
    }.items():
        made.core.ruler.push(name, rule)
    for name, render in RENDERED.items():
        made.add_render_rule(name, render)
    allows = made.validateLink
    made.validateLink = lambda url: len(url) <= MAX_LINK_LENGTH and allows(url)  # type: ignore[method-assign]
    return made


MARKDOWN = _made()
