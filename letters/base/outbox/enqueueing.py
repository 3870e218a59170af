"""How SQL owes an email. The row is written in the statement of its cause, so neither exists without the other."""

from datetime import datetime
from typing import Any

from letters.models import EmailKind, OutgoingEmail

NOW = "%(now)s::timestamptz"


def insert_email(kind: EmailKind | str, *, key: str, **columns: str) -> str:
    """SQL: `INSERT … SELECT` of emails that are due at once, up to the FROM, which the caller adds.

    `columns` (signature_id, request_id …) and `key` are SQL expressions, and so is `kind` if it is not known before.
    The statement has the parameter `now`. `ON CONFLICT (key) DO NOTHING` behind it makes one email out of one cause.
    """
    values = {
        "kind": f"'{kind.value}'" if isinstance(kind, EmailKind) else kind,
        **columns,
        "key": key,
        "created_at": NOW,
        "next_attempt_at": NOW,
        "attempts": "0",
        "error": "''",
    }
    return f"INSERT INTO letters_outgoingemail ({', '.join(values)})\n    SELECT {', '.join(values.values())}"


def key_of(cause: EmailKind | str, *parts: str) -> str:
    """SQL: the key of the only email with this cause and these parts, which are SQL expressions."""
    return " || ':' || ".join([f"'{cause!s}'", *parts])


def new_email(kind: EmailKind, *parts: int, now: datetime, **about: Any) -> OutgoingEmail:
    """The same as a row that is not written yet, for operations that write few."""
    key = ":".join(map(str, [kind, *parts]))
    return OutgoingEmail(kind=kind, key=key, created_at=now, next_attempt_at=now, **about)
