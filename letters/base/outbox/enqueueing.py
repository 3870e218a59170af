"""Create outgoing emails in the same SQL statement as their cause, so that neither exists without the other."""

from datetime import datetime
from typing import Any

from letters.models import EmailKind, OutgoingEmail

NOW = "%(now)s::timestamptz"
# The order for emails to many signers of a letter. Emails leave in the order in which they are created. Privacy: in the
# order of the numbers, the log of a mail server would say which nameless entry belongs to which mailbox.
BY_LOT = "gen_random_uuid()"


def insert_email(kind: EmailKind | str, *, key: str, **columns: str) -> str:
    """Return SQL: `INSERT … SELECT` of emails that are due at once, up to the FROM, which the caller adds.

    `columns` (signature_id, request_id …) and `key` are SQL expressions, and so is `kind` if it is not constant. The
    statement has the parameter `now`. Append `ON CONFLICT (key) DO NOTHING` to create one email for one cause.
    """
    values = {
        "kind": f"'{kind.value}'" if isinstance(kind, EmailKind) else kind,
        "key": key,
        "created_at": NOW,
        "next_attempt_at": NOW,
        "attempts": "0",
        "error": "''",
        **columns,
    }
    return f"INSERT INTO letters_outgoingemail ({', '.join(values)})\n    SELECT {', '.join(values.values())}"


def key_of(cause: EmailKind | str, *parts: str) -> str:
    """Return SQL: the key of the only email with this cause and these parts, which are SQL expressions."""
    return " || ':' || ".join([f"'{cause!s}'", *parts])


def new_email(kind: EmailKind, *parts: int, now: datetime, due: datetime | None = None, **about: Any) -> OutgoingEmail:
    """Return the same email as an unsaved row, for operations that create few. It is due at once, or at `due`."""
    key = ":".join(map(str, [kind, *parts]))
    return OutgoingEmail(kind=kind, key=key, created_at=now, next_attempt_at=due or now, **about)
