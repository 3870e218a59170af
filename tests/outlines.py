"""What a reader sees of a letter's HTML: its blocks in order, each with its kind, its number and its words."""

from html.parser import HTMLParser

BLOCKS = {"p", "h2", "h3", "h4", "h5", "h6", "td", "th", "pre"}


class Outline(HTMLParser):
    """One line for each block; `pieces` are the runs of words without what is inside them."""

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
            # A line that was begun anew is a stroke here.
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
            # The first paragraph of an item is the item.
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
        # On paper a note stands at the foot of the page, behind a small number.
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
