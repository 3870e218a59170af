"""Text that organizers type for signers and for the public: checked, rendered and counted against their room."""

from typing import Any

from letters.models import (
    AddresseeAnswer,
    Update,
)
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refused import Refusal, Refused
from letters.shared.text import DAMAGE

MAX_BODY_LENGTH = 30_000


def rendered_body(typed: str) -> dict[str, str]:
    """The Markdown, and the HTML that is shown, of which something must be left."""
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


def words_replaced(stands: Update | AddresseeAnswer, values: dict[str, Any]) -> list[str]:
    """What these values take the place of."""
    return [getattr(stands, name) for name, value in values.items() if isinstance(value, str)]
