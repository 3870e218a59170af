"""Read a letter's HTML as a reader sees it: its blocks in order, each with kind, number and text."""

import re
from html.parser import HTMLParser

BLOCKS = {"p", "h2", "h3", "h4", "h5", "h6", "td", "th", "pre"}


class Outline(HTMLParser):
    """One line for each block. `pieces` are runs of text without nested blocks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.pieces: list[str] = []
        self.lists: list[str | int] = []
        self.kind, self.words, self.quotes, self.hidden = "", "", 0, False
        self.feed(html)
        self.end()

    def end(self) -> None:
        if self.words.strip():
            # A line break becomes a slash.
            lines = [" ".join(line.split()) for line in self.words.split("\x1f")]
            self.lines.append(f"{'> ' * self.quotes}{self.kind or 'p'}: {' / '.join(lines)}")
        self.words, self.kind = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"ul", "ol"}:
            self.end()
            self.lists.append("-" if tag == "ul" else int(values.get("start") or 1))
        elif tag == "li":
            self.end()
            self.kind = self.item(values.get("value"))
        elif tag in BLOCKS:
            # The first paragraph of an item counts as the item.
            if not (tag == "p" and self.kind.strip()):
                self.end()
                self.kind = tag if tag != "p" else self.kind
        elif tag in {"br", "hr"}:
            self.words += "\x1f" if tag == "br" else ""
            if tag == "hr":
                self.end()
                self.lines.append("rule")
        elif tag == "img":
            self.words += f"[{values['alt']}]"
            self.pieces.append(values["alt"] or "")
        elif tag == "blockquote":
            self.end()
            self.quotes += 1
        elif tag == "section":
            self.end()
            self.lines.append("notes")
        self.hidden = self.hidden or self.is_anchor(values)
        if tag == "a" and not self.hidden:
            self.words += "<"

    @staticmethod
    def is_anchor(values: dict[str, str | None]) -> bool:
        return (values.get("class") or "").startswith("footnote-")

    def item(self, value: str | None) -> str:
        indent = "  " * (len(self.lists) - 1)
        if self.lists[-1] == "-":
            return f"{indent}-"
        number = int(value or self.lists[-1])
        self.lists[-1] = number + 1
        # On paper a note is at the foot of the page, after a small number.
        self.pieces += [f"{number}."] if "notes" not in self.lines else []
        return f"{indent}{number}."

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ul", "ol"}:
            self.end()
            self.lists.pop()
        elif tag in BLOCKS | {"li"}:
            self.end()
        elif tag == "blockquote":
            self.quotes -= 1
        if tag in {"a", "sup"} and self.hidden:
            self.hidden = False
        elif tag == "a":
            self.words += ">"

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words += data.replace("\n", "\x1f" if self.kind == "pre" else " ")
            self.pieces.append(data)


def outline_of(html: str) -> list[str]:
    return Outline(html).lines


QUOTED = re.compile(r"(>( |$))+")
MARK = re.compile(r"(?P<indent> *)(?P<mark>•|[0-9]{1,9}\.|\[[0-9]{1,4}\]) (?P<words>.*)")


class PlainOutline:
    """The same for the plain-text half of an email, by what a reader recognises as an item, a
    quotation or a line break.
    """

    def __init__(self, text: str) -> None:
        self.lines: list[str] = []
        # The columns in which the text of the surrounding items begins.
        self.columns: list[int] = []
        is_apart = True
        for line in text.split("\n"):
            signs = QUOTED.match(line)
            depth = signs[0].count(">") if signs else 0
            words = line[signs.end() :] if signs else line
            quotes = "> " * depth
            is_apart = self.read(words, quotes, is_apart=is_apart)

    def read(self, words: str, quotes: str, *, is_apart: bool) -> bool:
        """Return whether the next line begins a block."""
        if not words:
            return True
        found = MARK.fullmatch(words)
        if words == "———":
            self.lines.append("rule")
        elif found:
            self.begin(found["indent"], found["mark"], quotes + self.item(found) + found["words"])
        elif not is_apart:
            self.lines[-1] += f" / {words.strip()}"
        elif words.startswith("    ") and not self.columns:
            self.lines.append(f"pre: {words.strip()}")
        else:
            self.columns = [column for column in self.columns if words.startswith(" " * column)]
            self.lines.append(f"{quotes}p: {words.strip()}")
        return False

    def item(self, found: re.Match[str]) -> str:
        depth = len([column for column in self.columns if column <= len(found["indent"])])
        kind = {"•": "-"}.get(found["mark"], found["mark"].strip("[].") + ".")
        return f"{'  ' * depth}{kind}: "

    def begin(self, indent: str, mark: str, line: str) -> None:
        self.columns = [column for column in self.columns if column <= len(indent)]
        self.columns.append(len(indent) + len(mark) + 1)
        if mark.startswith("[") and "notes" not in self.lines:
            self.lines.append("notes")
        self.lines.append(line)


def plain_outline_of(text: str) -> list[str]:
    return PlainOutline(text).lines
