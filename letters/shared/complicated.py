"""What a writer is told of a text that no page, mail or PDF can be made of."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.shared.markdown import TooComplicated, render_markdown

SENTENCES: dict[str, Promise] = {
    "long": _("This text is too complicated to set: it has more than 100,000 characters. Shorten it."),
    "lines": _("This text is too complicated to set: it has more than 3,000 lines. Shorten it."),
    "signs": _(
        "This text is too complicated to set: it has more than 2,500 of the signs that begin or end something, such as "
        "* _ [ ] |. Use fewer of them."
    ),
    "deep": _(
        "This text is too complicated to set: lists, quotations or emphasis stand too deep inside each other. Make it "
        "flatter."
    ),
    "cells": _("This text is too complicated to set: its tables have too many cells. Make them smaller."),
    "links": _("This text is too complicated to set: it has too many links, or links that are too long."),
}


def problem_of(markdown: str) -> str:
    """A sentence that says what is wrong and what to do; empty if the text can be set."""
    try:
        render_markdown(markdown)
    except TooComplicated as problem:
        return str(SENTENCES[problem.code])
    return ""
