"""Sentences about a text that is too complicated to be rendered."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.shared.markdown import TooComplicated, render_markdown

SENTENCES: dict[str, Promise] = {
    "long": _("This text is too long: it has more than 100,000 characters. Shorten it."),
    "lines": _("This text is too long: it has more than 3,000 lines. Shorten it."),
    "signs": _(
        "This text is too complicated: it has more than 2,500 formatting marks, such as * _ [ ] |. Use fewer of them."
    ),
    "deep": _("This text is too complicated: lists, quotations or emphasis are nested too deeply. Use fewer levels."),
    "cells": _("This text is too complicated: its tables have too many cells. Make them smaller."),
    "links": _(
        "This text is too complicated: it has too many links, or links that are too long. Use fewer or shorter ones."
    ),
    "html": _(
        "This text is too complicated: its page would be many times as long as what you typed. Use fewer links, "
        "footnotes and table cells."
    ),
}


def problem_of(markdown: str) -> str:
    """Return a sentence that says what is wrong and what to do; "" if the text can be rendered."""
    try:
        render_markdown(markdown)
    except TooComplicated as problem:
        return str(SENTENCES[problem.code])
    return ""
