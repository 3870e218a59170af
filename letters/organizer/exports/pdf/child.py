"""The child process in which Typst typesets one part of a PDF (letters/shared/sandbox.py)."""

from functools import cache

import typst

from letters.shared.sandbox import Question, Reply, serve


@cache
def _fonts() -> typst.Fonts:
    """Load the fonts of Typst and of the machine once."""
    return typst.Fonts()


@cache
def _has_emoji() -> str:
    return "yes" if any("emoji" in family.lower() for family in _fonts().families()) else "no"


def set_part(question: Question) -> Reply:
    typst.compile(
        question["source"],
        output=question["output"],
        root=question["root"],
        font_paths=_fonts(),
        sys_inputs={**question["inputs"], "emoji": _has_emoji()},
        timestamp=question["timestamp"],
        pdf_tags=question["pdf_tags"],
    )
    return {}


if __name__ == "__main__":
    serve(set_part)
