"""Text that organizers write for signers and the public: check it, render it, and count it against their quota."""

from typing import Any

from letters.models import (
    AddresseeAnswer,
    Update,
    UpdateTranslation,
)
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refused import Refusal, Refused
from letters.shared.text import DAMAGE, clean_line

MAX_BODY_LENGTH = 30_000


MAX_TITLE_LENGTH = 150


def checked_title(typed: str) -> str:
    """Return the title as one line. Injection: it becomes an email header."""
    title = clean_line(typed)
    if not title:
        raise Refused(Refusal.NO_TITLE)
    if len(title) > MAX_TITLE_LENGTH:
        raise Refused(Refusal.TOO_LONG)
    return title


def rendered_body(typed: str) -> dict[str, str]:
    """Return the Markdown and the HTML rendered from it, which must not be empty."""
    body = typed.replace("\r\n", "\n")
    if len(body) > MAX_BODY_LENGTH:
        raise Refused(Refusal.TOO_LONG)
    try:
        html = render_markdown(body)
    except TooComplicated as problem:
        raise Refused(Refusal.TOO_COMPLICATED) from problem
    if not html.strip() or DAMAGE.search(body):
        raise Refused(Refusal.NO_BODY)
    return {"body": body, "html": html}


def words_in(values: dict[str, Any]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str)]


def words_replaced(current: Update | UpdateTranslation | AddresseeAnswer, values: dict[str, Any]) -> list[str]:
    """Return the stored strings that these values replace."""
    return [getattr(current, name) for name, value in values.items() if isinstance(value, str)]
