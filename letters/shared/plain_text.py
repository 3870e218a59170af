"""Convert sanitised HTML to plain text that reads like a letter: the plain-text part of an email.

It starts from the HTML, so no Markdown syntax is left over, and all formats come from one rendering.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.utils.text import Truncator
from django.utils.translation import gettext

from letters.shared.letter_parts import is_salutation, without_closing

SPACE = re.compile("[ \t\n\r\f]+")
WITHOUT_END = {"br", "hr", "img", "input", "col", "wbr"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = HEADINGS | {
    *["p", "ul", "ol", "li", "blockquote", "pre", "hr", "table", "thead", "tbody", "tr", "td", "th"],
    *["div", "section", "article", "figure", "figcaption", "dl", "dt", "dd"],
}
HIDDEN = {"script", "style", "head", "title"}
BULLET, RULE = "•", "———"
# Keeps an address left-to-right inside right-to-left text. It is outside the address, which email programs turn into a
# link.
LEFT_TO_RIGHT = "\u200e"
# The link from a footnote back to the text.
LEADS_BACK = "↩"
# Deeper levels are flattened. No letter needs them, and each level is a recursive call.
DEEPEST = 40
# How long the first lines of a text are, and how much of its HTML is read for them.
DESCRIPTION = 160
START = 3000


@dataclass
class Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)


def to_plain(html: str, *, base: str) -> str:
    """Return paragraphs separated by empty lines. `base` is the site, for addresses that begin with a slash."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n\n".join("\n".join(lines) for lines in _Writer(base).blocks(reader.root))


def first_lines(html: str, *, base: str) -> str:
    """Return the beginning of a text on one line, cut at a word.

    Without "Dear ministers," and "Yours sincerely,", if there is more.
    """
    start = html[:START]
    blocks = to_plain(without_closing(html) if len(html) < START else start, base=base).split("\n\n")
    if len(blocks) > 1 and is_salutation(blocks[0]):
        blocks = blocks[1:]
    return Truncator(SPACE.sub(" ", " ".join(blocks)).strip()).chars(DESCRIPTION)


class _Reader(HTMLParser):
    """Build a tree of elements. An element without an end tag ends with its parent."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("div")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in WITHOUT_END and len(self._open) < DEEPEST:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


class _Writer:
    def __init__(self, base: str) -> None:
        self.base = base

    def blocks(self, parent: Element) -> Iterator[list[str]]:
        """Yield each block as its lines. Text between blocks is a paragraph."""
        loose: list[Element | str] = []
        for child in parent.children:
            if isinstance(child, str) or child.tag not in BLOCKS | HIDDEN:
                loose.append(child)
                continue
            if lines := self._lines(loose):
                yield lines
            loose = []
            yield from (lines for lines in self._block(child) if lines)
        if lines := self._lines(loose):
            yield lines

    def _block(self, element: Element) -> Iterator[list[str]]:
        if element.tag in HIDDEN:
            return
        if element.attributes.get("class") == "footnotes":
            # Number the notes as in the text: "1." could be one of the letter's demands.
            for notes in element.children:
                if isinstance(notes, Element):
                    yield [line for lines in self._items(notes, numbered="[{}] ") for line in lines]
        elif element.tag in {"ul", "ol"}:
            yield [line for lines in self._items(element) for line in lines]
        elif element.tag == "blockquote":
            yield _indented("> ", "> ", list(self.blocks(element)))
        elif element.tag == "pre":
            yield [f"    {line}" for line in _all_text(element).strip("\n").split("\n")]
        elif element.tag == "hr":
            yield [RULE]
        elif element.tag == "table":
            yield list(self._rows(element))
        else:
            yield from self.blocks(element)

    def _items(self, listed: Element, numbered: str = "{}. ") -> Iterator[list[str]]:
        number, is_first = _whole(listed.attributes.get("start", ""), 1), True
        for item in listed.children:
            if isinstance(item, str) or item.tag != "li":
                continue
            number = _whole(item.attributes.get("value", ""), number)
            mark = numbered.format(number) if listed.tag == "ol" else f"{BULLET} "
            blocks, is_loose = list(self.blocks(item)), _has(item, "p")
            lines = _indented(mark, " " * len(mark), blocks or [[""]], apart=is_loose)
            # As in the HTML, items that are paragraphs are separated by an empty line.
            yield ["", *lines] if is_loose and not is_first else lines
            is_first = False
            number += 1

    def _rows(self, table: Element) -> Iterator[str]:
        """Yield one line for each row, each cell after its heading: columns would not line up on a phone."""
        heads: list[str] = []
        for row in _all_of(table, "tr"):
            cells = [cell for cell in row.children if isinstance(cell, Element) and cell.tag in {"td", "th"}]
            words = [" ".join(self._lines(cell.children)) for cell in cells]
            if not heads and cells and all(cell.tag == "th" for cell in cells):
                heads = words
                continue
            named = [*heads, *[""] * len(words)]
            said = [f"{head}: {word}" if head else word for head, word in zip(named, words, strict=False) if word]
            yield f"{BULLET} {'; '.join(said)}"
        if heads and len(list(_all_of(table, "tr"))) == 1:
            yield f"{BULLET} {'; '.join(heads)}"

    def _lines(self, inline: list[Element | str]) -> list[str]:
        text = "".join(self._inline(child) for child in inline)
        lines = [SPACE.sub(" ", line).strip(" ") for line in text.split("\v")]
        return lines if any(lines) else []

    def _inline(self, node: Element | str) -> str:
        """Return inline content, with "\\v" for each line break."""
        if isinstance(node, str):
            return node.replace("\v", " ")
        if node.tag == "br":
            return "\v"
        if node.tag == "img":
            return self._picture(node)
        inner = "".join(self._inline(child) for child in node.children)
        return self._link(node, inner) if node.tag == "a" else inner

    def _picture(self, picture: Element) -> str:
        alt = SPACE.sub(" ", picture.attributes.get("alt", "")).strip()
        address = self._whole_address(picture.attributes.get("src", ""))
        label = gettext("Picture: {alt}").format(alt=alt) if alt else gettext("Picture")
        return self._with_address(label, address)

    def _link(self, link: Element, inner: str) -> str:
        address = link.attributes.get("href", "")
        if address.startswith("#") or not address:
            return "" if LEADS_BACK in inner else inner
        shown = inner.strip()
        if shown in {address, address.removeprefix("mailto:"), address.removeprefix("https://")} or not shown:
            return inner if shown else self._whole_address(address)
        return self._with_address(inner, self._whole_address(address).removeprefix("mailto:"))

    def _with_address(self, label: str, address: str) -> str:
        if not address:
            return label
        mark = LEFT_TO_RIGHT if _runs_from_right(label) else ""
        return f"{label} {mark}({address}){mark}"

    def _whole_address(self, address: str) -> str:
        return self.base + address if address.startswith("/") and not address.startswith("//") else address


def _indented(first: str, others: str, blocks: list[list[str]], *, apart: bool = True) -> list[str]:
    """Return the lines of the blocks behind a mark, with an empty line between separate blocks."""
    lines = list(blocks[0]) if blocks else []
    for block in blocks[1:]:
        lines += ["", *block] if apart else block
    return [((others if place else first) + line).rstrip(" ") for place, line in enumerate(lines)]


def _all_of(parent: Element, tag: str) -> Iterator[Element]:
    for child in parent.children:
        if isinstance(child, Element):
            if child.tag == tag:
                yield child
            yield from _all_of(child, tag)


def _has(parent: Element, tag: str) -> bool:
    return any(isinstance(child, Element) and child.tag == tag for child in parent.children)


def _all_text(parent: Element) -> str:
    return "".join(child if isinstance(child, str) else _all_text(child) for child in parent.children)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else otherwise


def _runs_from_right(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)
