"""Who did what, recorded in the same transaction as the deed: if one is undone, so is the other.

Signing and confirming are not recorded here: the signature's own row says when and how, once for each.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from django.db import models

from letters.models import AuditEvent, User

Actor = User | Literal["signer"] | None


def record(
    verb: str,
    thing: models.Model,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Add an event. `by` is None for the system itself, and "signer" for the signer of `thing`.

    `details` must hold no address and no token.
    """
    kind = thing._meta.model_name or ""
    record_each(verb, kind, [thing.pk], by=by, now=now, reason=reason, details=details)


def record_each(
    verb: str,
    kind: str,
    ids: Iterable[int],
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """The same for several things of one kind, for example "signature", in one statement."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=now,
            actor=by if isinstance(by, User) else None,
            actor_kind="user" if isinstance(by, User) else by or "system",
            verb=verb,
            object_kind=kind,
            object_id=each,
            reason=reason,
            details=details or {},
        )
        for each in ids
    )
