"""Convert a letter's Markdown to Typst, from the same tokens that its page is made of.

Injection: text that someone typed is passed as quoted strings and JSON, never as markup, so it cannot contain
commands.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from letters.shared.letter_parts import FIRST_LETTER, with_parts
from letters.shared.markdown import TooComplicated, bare, caption_of, parse, render_markdown
from letters.shared.pictures import ADDRESS

# All control characters except tabs and line ends.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# A longer address is not printed beside its link text.
MAX_PRINTED_LENGTH = 200
# Scripts without spaces, whose lines break anywhere: Thai, Lao, Burmese, Khmer, Chinese and Japanese.
NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
LONG_WORD = re.compile(f"[^\\s\u00ad{NO_SPACES}]{{25,}}")
# A long word may break after the punctuation of an address, or after this many characters.
PIECE = re.compile(r"[^/?&=#._:,;%-]{0,18}[/?&=#._:,;%-]*")
MAY_BREAK = "\u200b"
# Keeps an address left-to-right inside right-to-left text.
ISOLATED = "\u2066{}\u2069"
# Points per pixel at screen size, and the space that a page has for a picture.
POINTS_A_PIXEL = 0.75
WIDEST, HIGHEST = 425, 560
# The space around salutation and closing, and the size of the initial, as on the letter's page (base.css).
AFTER_SALUTATION, BEFORE_CLOSING, IN_CLOSING = "1.5em", "2.4em", "0.75em"
INITIAL = 'size: 2.4em, fill: rgb("#9c2b1e"), number-type: "lining"'


def quoted(text: str) -> str:
    """Return a string literal. Typst's escapes are those of JSON, except for control characters, which are removed."""
    return json.dumps(CONTROL.sub(" ", text), ensure_ascii=False)


def breakable(text: str) -> str:
    """Insert invisible break opportunities into long words."""
    return LONG_WORD.sub(lambda word: MAY_BREAK.join(filter(None, PIECE.findall(word[0]))), text)


def typst_of(markdown: str, pictures: Mapping[str, str] | None = None, *, has_initial: bool = True) -> str:
    """Return Typst statements, one for each block that `render_markdown` shows.

    `pictures` maps the addresses of pictures to file names. Raises TooComplicated.
    """
    marked = with_parts(render_markdown(markdown))
    try:
        return _Setter(pictures or {}, marked, has_initial).set(SyntaxTreeNode(parse(markdown)))
    except RecursionError as deep:
        raise TooComplicated("deep") from deep


def typst_image(address: str, file_name: str, alt: str) -> str:
    """Return one of our own pictures, no larger than on a screen and than the page."""
    found = ADDRESS.fullmatch(address)
    width, height = (int(found[place]) * POINTS_A_PIXEL if found else 1.0 for place in (2, 3))
    width *= min(1, WIDEST / width, HIGHEST / height)
    return f"image({quoted(file_name)}, width: {width:.1f}pt, alt: {quoted(alt)})"


def pictures_in(markdown: str) -> list[str]:
    """Return the addresses of our own pictures in a text. Raises TooComplicated."""
    children = (child for token in parse(markdown) for child in token.children or [])
    sources = (str(child.attrs.get("src", "")) for child in children if child.type == "image")
    return list(dict.fromkeys(source for source in sources if ADDRESS.fullmatch(source)))


def _walk(node: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    yield node
    for child in node.children:
        yield from _walk(child)


@dataclass
class _Setter:
    """The state of converting one text."""

    pictures: Mapping[str, str]
    # The page's HTML with the classes of salutation, opening and closing. These paragraphs begin or end the text.
    marked: str = ""
    has_initial: bool = True
    # Footnotes by number, and the numbers that were set already.
    footnotes: dict[int, SyntaxTreeNode] = field(default_factory=dict)
    noted: set[int] = field(default_factory=set)

    def set(self, root: SyntaxTreeNode) -> str:
        self.footnotes = {node.meta["id"]: node for node in _walk(root) if node.type == "footnote"}
        blocks = list(self.blocks([node for node in root.children if node.type != "footnote_block"]))
        # Footnotes without a reference come at the end.
        left = [node for number, node in self.footnotes.items() if number not in self.noted]
        return "\n".join(filter(None, [*blocks, *(each for node in left for each in self.all(node.children))]))

    def blocks(self, nodes: list[SyntaxTreeNode]) -> Iterator[str]:
        salutations, opening, closings = (self.marked.count(f'<p class="{each}">') for each in PARTS)
        for place, node in enumerate(nodes):
            left = len(nodes) - place
            if place < salutations:
                yield f"block(below: {AFTER_SALUTATION}, {self.one(node)})"
            elif place == salutations and opening and self.has_initial:
                yield self.opening(node)
            elif left <= closings:
                above = BEFORE_CLOSING if left == closings else IN_CLOSING
                yield f"block(above: {above}, below: {IN_CLOSING}, {self.one(node)})"
            else:
                yield self.one(node)

    def opening(self, node: SyntaxTreeNode) -> str:
        """Return the first real paragraph with a large initial.

        The initial is part of the line, so copied words stay whole.
        """
        first, *others = node.children[0].children
        found = FIRST_LETTER.match(first.content) if first.type == "text" else None
        if found is None:
            return self.one(node)
        rest = f"text({quoted(breakable(first.content[found.end() :]))})"
        return f"par({{{'; '.join([f'text({INITIAL}, {quoted(found[0])})', rest, *self.all(others)])}}})"

    def all(self, nodes: Iterable[SyntaxTreeNode]) -> list[str]:
        return [self.one(node) for node in nodes]

    def one(self, node: SyntaxTreeNode) -> str:
        if node.type in ALWAYS:
            return ALWAYS[node.type]
        if made := MAKERS.get(node.type):
            return made(self, node)
        # A node without a counterpart becomes its plain text. The Markdown contains no HTML.
        return self.inside(node) if node.children else _text(node)

    def inside(self, node: SyntaxTreeNode) -> str:
        """Return the children as one value: statements in braces, because a chain of + would nest too deeply."""
        return "{" + "; ".join(filter(None, self.all(node.children)) or ["[]"]) + "}"

    def items(self, node: SyntaxTreeNode) -> str:
        return ", ".join(self.inside(item) for item in node.children)

    def numbered(self, node: SyntaxTreeNode) -> str:
        items = [f"enum.item({item.meta.get('number', 1)}, {self.inside(item)})" for item in node.children]
        return f"enum({', '.join(items)})"

    def paragraph(self, node: SyntaxTreeNode) -> str:
        inline = node.children[0].children if node.children else []
        if inline and all(each.type in {"image", "softbreak", "caption"} for each in inline):
            return "; ".join(self.figure(each) for each in inline if each.type == "image")
        return f"par({self.inside(node)})"

    def link(self, node: SyntaxTreeNode) -> str:
        """Link the text, and print the address beside it where the text does not contain it."""
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
        """Typeset one of our own pictures with its caption or description; for any other picture, only that."""
        source, said = str(node.attrs.get("src", "")), caption_of(node.attrs) or node.content
        caption = f"text({quoted(breakable(said))})"
        if not ADDRESS.fullmatch(source) or source not in self.pictures:
            return f"par(emph({caption}))" if said else ""
        image = typst_image(source, self.pictures[source], node.content)
        return f"figure({image}, caption: {caption})" if said else f"figure({image})"

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
        # The number is on the first line, so that line is not a paragraph of its own.
        blocks = [node for node in self.footnotes[number].children if node.type != "footnote_anchor"]
        words = [self.inside(each) if each.type == "paragraph" else self.one(each) for each in blocks]
        return f"[#footnote({{{'; parbreak(); '.join(words) or '[]'}}})<note-{number}>]"


def _text(node: SyntaxTreeNode) -> str:
    return f"text({quoted(breakable(node.content))})"


def _code(node: SyntaxTreeNode) -> str:
    return f"raw({quoted(breakable(node.content))}, block: true)"


PARTS = ("salutation", "opening", "closing")
ALWAYS = {
    # Keep line breaks of the source on paper: in addresses, verses and signatures.
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
