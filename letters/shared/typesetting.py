"""A letter's Markdown in the language of Typst, which sets it for paper.

Whatever somebody typed goes in as quoted strings and as JSON, never as markup: nothing in it is a command.
"""

import json
import re
from collections.abc import Callable, Iterable

from markdown_it.tree import SyntaxTreeNode

from letters.shared.text import MARKDOWN

# But for tabs and the ends of lines.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# With a longer one Typst sets nothing at all.
LONGEST_LINK = 2000
# Headings as on the page, below the letter's own title.
LEVELS = {"h1": 2, "h2": 2, "h3": 3, "h4": 4, "h5": 4, "h6": 4}


def quoted(text: str) -> str:
    """A string literal. JSON's escapes are Typst's, but for those of control characters, which nobody can see."""
    return json.dumps(CONTROL.sub(" ", text), ensure_ascii=False)


def typst_of(markdown: str) -> str:
    """Statements, one for each block: the same blocks that `render_markdown` shows."""
    return "\n".join(_all(SyntaxTreeNode(MARKDOWN.parse(markdown)).children))


def _all(nodes: Iterable[SyntaxTreeNode]) -> list[str]:
    return [_one(node) for node in nodes]


def _one(node: SyntaxTreeNode) -> str:
    if node.type in ALWAYS:
        return ALWAYS[node.type]
    made = MAKERS.get(node.type)
    # What has no counterpart (there is no HTML among it) is shown by its text.
    return made(node) if made else _inside(node) if node.children else f"text({quoted(node.content)})"


def _inside(node: SyntaxTreeNode) -> str:
    """Its children as one value. Statements in braces are joined; a chain of + would nest as deep as it is long."""
    return "{" + "; ".join(_all(node.children) or ["[]"]) + "}"


def _items(node: SyntaxTreeNode) -> str:
    return ", ".join(_inside(item) for item in node.children)


def _link(node: SyntaxTreeNode) -> str:
    target = str(node.attrs.get("href", ""))
    known = target.startswith(("https://", "http://", "mailto:")) and len(target) <= LONGEST_LINK
    return f"link({quoted(target)}, {_inside(node)})" if known else _inside(node)


ALWAYS = {
    "softbreak": "[ ]",
    "hardbreak": "linebreak()",
    "hr": "align(center, line(length: 30%, stroke: 0.5pt))",
}
MAKERS: dict[str, Callable[[SyntaxTreeNode], str]] = {
    "inline": _inside,
    "text": lambda node: f"text({quoted(node.content)})",
    "strong": lambda node: f"strong({_inside(node)})",
    "em": lambda node: f"emph({_inside(node)})",
    "code_inline": lambda node: f"raw({quoted(node.content)})",
    "link": _link,
    "image": lambda node: f"emph(text({quoted(node.content)}))",
    "paragraph": lambda node: f"par({_inside(node)})",
    "heading": lambda node: f"heading(level: {LEVELS[node.tag]}, {_inside(node)})",
    "bullet_list": lambda node: f"list({_items(node)})",
    "ordered_list": lambda node: f"enum(start: {node.attrs.get('start', 1)}, {_items(node)})",
    "blockquote": lambda node: f"quote(block: true, {_inside(node)})",
    "fence": lambda node: f"raw({quoted(node.content)}, block: true)",
    "code_block": lambda node: f"raw({quoted(node.content)}, block: true)",
}
