"""Styles of emails: classes in the templates, inlined when a template is loaded.

Email programs drop style sheets, so every element needs its own style. Inlining when a template is loaded costs nothing
for each email. It never touches text that people typed, because that is inserted later.
"""

import re
from functools import cache
from pathlib import Path

from css_inline import CSSInliner
from django.template import Origin
from django.template.loaders import app_directories

EMAILS = "letters/mail/"
STYLESHEET = Path(__file__).parent.parent / "templates" / EMAILS / "styles.css"
CLASS = re.compile(r' class="[^"]*"')


class Loader(app_directories.Loader):
    """Loads every template, and inlines the styles in those of emails."""

    def get_contents(self, origin: Origin) -> str:
        source = str(super().get_contents(origin))
        name = str(origin.template_name)
        return inlined(source) if name.startswith(EMAILS) and name.endswith(".html") else source


def inlined(source: str) -> str:
    """Return a template's source with its classes as styles."""
    inliner, css = _inliner()
    is_document = source.startswith("<!")
    html = inliner.inline(source) if is_document else inliner.inline_fragment(source, css)
    return CLASS.sub("", html)


@cache
def _inliner() -> tuple[CSSInliner, str]:
    css = STYLESHEET.read_text(encoding="utf-8")
    return CSSInliner(extra_css=css, load_remote_stylesheets=False, minify_css=True), css
