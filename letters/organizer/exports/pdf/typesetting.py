"""A letter's Markdown in the language of Typst, which sets it for paper: the same tokens that its page is made of.

Whatever somebody typed goes in as quoted strings and as JSON, never as markup: nothing in it is a command.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from letters.shared.markdown import TooComplicated, bare, parse
from letters.shared.pictures import ADDRESS

# But for tabs and the ends of lines.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Printed beside its words, a longer address says nothing to anybody.
MAX_PRINTED_LENGTH = 200
# What is written without spaces breaks anywhere by itself: Thai, Lao, Burmese, Khmer, Chinese and Japanese.
NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
LONG_WORD = re.compile(f"[^\\s\u00ad{NO_SPACES}]{{25,}}")
# Where a long word may be broken: after the signs of an address, and else after so many characters.
PIECE = re.compile(r"[^/?&=#._:,;%-]{0,18}[/?&=#._:,;%-]*")
MAY_BREAK = "\u200b"
# An address in a text that is read from right to left stays one thing, read from left to right.
ISOLATED = "\u2066{}\u2069"
# The size of a picture whose pixels are as large as on a screen, in points; and the room for it on a page.
POINTS_A_PIXEL = 0.75
WIDEST, HIGHEST = 425, 560


def quoted(text: str) -> str:
    """A string literal. JSON's escapes are Typst's, but for those of control characters, which nobody can see."""
    return json.dumps(CONTROL.sub(" ", text), ensure_ascii=False)


def breakable(text: str) -> str:
    """The text with places, which are drawn as nothing, where a long word may be broken."""
    return LONG_WORD.sub(lambda word: MAY_BREAK.join(filter(None, PIECE.findall(word[0]))), text)


def typst_of(markdown: str, pictures: Mapping[str, str] | None = None) -> str:
    """Statements, one for each block: the same blocks that `render_markdown` shows.

    `pictures` are the names of files by the addresses of pictures. Raises TooComplicated.
    """
    try:
        return _Setter(pictures or {}).set(SyntaxTreeNode(parse(markdown)))
    except RecursionError as deep:
        raise TooComplicated("deep") from deep


def pictures_in(markdown: str) -> list[str]:
    """The addresses of our own pictures in a text. Raises TooComplicated."""
    children = (child for token in parse(markdown) for child in token.children or [])
    sources = (str(child.attrs.get("src", "")) for child in children if child.type == "image")
    return list(dict.fromkeys(source for source in sources if ADDRESS.fullmatch(source)))


def _walk(node: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    yield node
    for child in node.children:
        yield from _walk(child)


@dataclass
class _Setter:
    """One text on its way to paper."""

    pictures: Mapping[str, str]
    # The footnotes by their number, and those that have been set.
    footnotes: dict[int, SyntaxTreeNode] = field(default_factory=dict)
    noted: set[int] = field(default_factory=set)

    def set(self, root: SyntaxTreeNode) -> str:
        self.footnotes = {node.meta["id"]: node for node in _walk(root) if node.type == "footnote"}
        blocks = self.all(root.children)
        # Those that nothing refers to stand at the end.
        left = [node for number, node in self.footnotes.items() if number not in self.noted]
        return "\n".join(filter(None, [*blocks, *(each for node in left for each in self.all(node.children))]))

    def all(self, nodes: Iterable[SyntaxTreeNode]) -> list[str]:
        return [self.one(node) for node in nodes]

    def one(self, node: SyntaxTreeNode) -> str:
        if node.type in ALWAYS:
            return ALWAYS[node.type]
        if made := MAKERS.get(node.type):
            return made(self, node)
        # What has no counterpart (there is no HTML among it) is shown by its text.
        return self.inside(node) if node.children else _text(node)

    def inside(self, node: SyntaxTreeNode) -> str:
        """Its children as one value. Statements in braces are joined; a chain of + would nest as deep as it is long."""
        return "{" + "; ".join(filter(None, self.all(node.children)) or ["[]"]) + "}"

    def items(self, node: SyntaxTreeNode) -> str:
        return ", ".join(self.inside(item) for item in node.children)

    def numbered(self, node: SyntaxTreeNode) -> str:
        items = [f"enum.item({item.meta.get('number', 1)}, {self.inside(item)})" for item in node.children]
        return f"enum({', '.join(items)})"

    def paragraph(self, node: SyntaxTreeNode) -> str:
        inline = node.children[0].children if node.children else []
        if inline and all(each.type in {"image", "softbreak"} for each in inline):
            return "; ".join(self.figure(each) for each in inline if each.type == "image")
        return f"par({self.inside(node)})"

    def link(self, node: SyntaxTreeNode) -> str:
        """Its words lead there, and where they do not say where, the address stands beside them in print."""
        target = str(node.attrs.get("href", ""))
        if not target.startswith(("https://", "http://", "mailto:")):
            return self.inside(node)
        words = "".join(each.content for each in _walk(node) if not each.children and each.type == "text")
        if bare(words) == bare(target):
            return f"link({quoted(target)}, text({quoted(ISOLATED.format(breakable(words)))}))"
        address = target.removeprefix("mailto:")
        if len(address) > MAX_PRINTED_LENGTH:
            return f"link({quoted(target)}, {self.inside(node)})"
        printed = f"text(size: 0.85em, {quoted(f' ({ISOLATED.format(breakable(address))})')})"
        return f"link({quoted(target)}, {{{self.inside(node)}; {printed}}})"

    def figure(self, node: SyntaxTreeNode) -> str:
        """One of our own pictures with what it shows below it; of any other only what it shows."""
        source, caption = str(node.attrs.get("src", "")), f"text({quoted(breakable(node.content))})"
        found = ADDRESS.fullmatch(source)
        if not found or source not in self.pictures:
            return f"par(emph({caption}))" if node.content else ""
        width, height = (int(found[place]) * POINTS_A_PIXEL for place in (2, 3))
        width *= min(1, WIDEST / width, HIGHEST / height)
        image = f"image({quoted(self.pictures[source])}, width: {width:.1f}pt, alt: {quoted(node.content)})"
        return f"figure({image}, caption: {caption})" if node.content else f"figure({image})"

    def picture(self, node: SyntaxTreeNode) -> str:
        return f"emph(text({quoted(breakable(node.content))}))"

    def table(self, node: SyntaxTreeNode) -> str:
        rows = [each for each in _walk(node) if each.type == "tr"]
        heads = [row for row in rows if row.children and row.children[0].type == "th"]
        columns = max((len(row.children) for row in rows), default=1)
        head = "".join(f"table.header({self.items(row)}), " for row in heads[:1])
        cells = ", ".join(self.items(row) for row in rows if row not in heads[:1])
        return f"table(columns: (1fr,) * {columns}, {head}{cells})"

    def note(self, node: SyntaxTreeNode) -> str:
        number = node.meta["id"]
        if number in self.noted:
            return f"footnote(<note-{number}>)"
        self.noted.add(number)
        # The number stands before the first line, so that is no paragraph of its own.
        blocks = [node for node in self.footnotes[number].children if node.type != "footnote_anchor"]
        words = [self.inside(each) if each.type == "paragraph" else self.one(each) for each in blocks]
        return f"[#footnote({{{'; parbreak(); '.join(words) or '[]'}}})<note-{number}>]"


def _text(node: SyntaxTreeNode) -> str:
    return f"text({quoted(breakable(node.content))})"


def _code(node: SyntaxTreeNode) -> str:
    return f"raw({quoted(breakable(node.content))}, block: true)"


ALWAYS = {
    # A line that was begun anew is one on paper, too: an address, a verse, a signature.
    "softbreak": "linebreak()",
    "hardbreak": "linebreak()",
    "hr": "align(center, line(length: 30%, stroke: 0.5pt))",
    "footnote_anchor": "",
    "footnote_block": "",
}
MAKERS: dict[str, Callable[[_Setter, SyntaxTreeNode], str]] = {
    "inline": _Setter.inside,
    "text": lambda _, node: _text(node),
    "strong": lambda setter, node: f"strong({setter.inside(node)})",
    "em": lambda setter, node: f"emph({setter.inside(node)})",
    "s": lambda setter, node: f"strike({setter.inside(node)})",
    "code_inline": lambda _, node: f"raw({quoted(breakable(node.content))})",
    "link": _Setter.link,
    "image": _Setter.picture,
    "paragraph": _Setter.paragraph,
    "heading": lambda setter, node: f"heading(level: {node.tag[1]}, {setter.inside(node)})",
    "bullet_list": lambda setter, node: f"list({setter.items(node)})",
    "ordered_list": _Setter.numbered,
    "blockquote": lambda setter, node: f"quote(block: true, {setter.inside(node)})",
    "table": _Setter.table,
    "footnote_ref": _Setter.note,
    "fence": lambda _, node: _code(node),
    "code_block": lambda _, node: _code(node),
}
