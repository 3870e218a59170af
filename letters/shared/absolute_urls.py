"""Adapt our HTML for feeds and emails, where a path that begins with a slash leads nowhere."""

from html import escape
from html.parser import HTMLParser

# The width of an email (letters/templates/letters/mail/base.html). Outlook ignores max-width but respects this.
WIDEST = 520
# The style is inline, because many email programs remove style sheets.
STYLES = {
    "img": "max-width:100%;height:auto",
    "table": "border-collapse:collapse;max-width:100%;margin:0 0 16px",
    "th": "border:1px solid #cfc6b4;padding:4px 8px;text-align:start;vertical-align:top",
    "td": "border:1px solid #cfc6b4;padding:4px 8px;vertical-align:top",
    "blockquote": "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #cfc6b4",
    "pre": "white-space:pre-wrap;overflow-wrap:anywhere",
    "a": "color:#9c2b1e",
}
# Attributes for choosing a size, which email programs and feed readers handle badly.
OF_A_BROWSER = {"srcset", "sizes", "loading"}


def with_whole_addresses(html: str, base: str) -> str:
    """Make the addresses of links and pictures absolute."""
    return _rewritten(html, base, is_mail=False)


def fit_for_email(html: str, base: str) -> str:
    """Do the same, and make pictures no wider than the email.

    Privacy: a picture has the same address for all recipients, so loading it does not reveal who reads.
    """
    return _rewritten(html, base, is_mail=True)


def _rewritten(html: str, base: str, *, is_mail: bool) -> str:
    rewriter = _Rewriter(base, is_mail)
    rewriter.feed(html)
    rewriter.close()
    return "".join(rewriter.parts)


class _Rewriter(HTMLParser):
    def __init__(self, base: str, is_mail: bool) -> None:
        # Keep escaped characters as they are.
        super().__init__(convert_charrefs=False)
        self.base, self.is_mail = base, is_mail
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if self.is_mail and tag == "img":
            found = _for_a_narrow_page(found)
        kept = {name: value for name, value in found.items() if tag != "img" or name not in OF_A_BROWSER}
        for name in {"href", "src"} & kept.keys():
            if kept[name].startswith("/") and not kept[name].startswith("//"):
                kept[name] = self.base + kept[name]
        if self.is_mail and tag in STYLES:
            kept["style"] = STYLES[tag]
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        self.parts.append(f"<{tag}{attributes}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")


def _for_a_narrow_page(picture: dict[str, str]) -> dict[str, str]:
    """Use the smallest size of the picture, no wider than WIDEST."""
    small = picture.get("srcset", "").split(" ")[0]
    changed = {**picture, "src": small or picture.get("src", "")}
    width, height = picture.get("width", ""), picture.get("height", "")
    if width.isdecimal() and height.isdecimal() and int(width) > WIDEST:
        changed |= {"width": str(WIDEST), "height": str(round(int(height) * WIDEST / int(width)))}
    return changed
