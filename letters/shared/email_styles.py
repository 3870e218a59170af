"""Styles of emails: classes in the templates, inlined when a template is loaded.

Many email programs drop style sheets, so every element needs its own style. Inlining when a template is loaded costs
nothing for each email. It never touches text that people typed, because that is inserted later. Only dark colours need
a style sheet, in the head of the email, and only its classes stay on the elements.
"""

import re
from functools import cache
from pathlib import Path

from css_inline import CSSInliner
from django.template import Origin
from django.template.loaders import app_directories

EMAILS = "letters/mail/"
STYLESHEET = Path(__file__).parent.parent / "templates" / EMAILS / "styles.css"
DARK = STYLESHEET.with_name("dark.css")
CLASS = re.compile(r' class="([^"]*)"')
BESIDE = re.compile(r' style="[^"]*border-left:[^"]*"')


class Loader(app_directories.Loader):
    """Loads every template, and inlines the styles in those of emails."""

    def get_contents(self, origin: Origin) -> str:
        source = str(super().get_contents(origin))
        name = str(origin.template_name)
        return inlined(source) if name.startswith(EMAILS) and name.endswith(".html") else source


def inlined(source: str) -> str:
    """Return a template's source with its classes as styles, and a document with the sheet of dark colours."""
    inliner, css = _inliner()
    if source.startswith("<!"):
        sheet = f"<style>\n{_dark_sheet()}</style>\n</head>"
        return _without_light_classes(inliner.inline(source).replace("</head>", sheet, 1))
    return _without_light_classes(inliner.inline_fragment(source, css))


def mirrored(html: str, direction: str) -> str:
    """Return an email with the lines beside its paragraphs at their beginning, also where text runs from right to left.

    Email programs do not all know `border-inline-start`. A code stays as it is: its digits run from left to right.
    """
    return BESIDE.sub(lambda found: found[0].replace("-left:", "-right:"), html) if direction == "rtl" else html


def _without_light_classes(html: str) -> str:
    return CLASS.sub(_dark_classes, html)


def _dark_classes(found: re.Match[str]) -> str:
    kept = [name for name in found[1].split() if name in _dark_names()]
    return f' class="{" ".join(kept)}"' if kept else ""


@cache
def _dark_sheet() -> str:
    css = re.sub(r"/\*.*?\*/\s*", "", DARK.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"^ +", "", css, flags=re.MULTILINE)


@cache
def _dark_names() -> frozenset[str]:
    return frozenset(re.findall(r"\.([a-z-]+)", _dark_sheet()))


@cache
def _inliner() -> tuple[CSSInliner, str]:
    css = STYLESHEET.read_text(encoding="utf-8")
    return CSSInliner(extra_css=css, load_remote_stylesheets=False, minify_css=True), css
