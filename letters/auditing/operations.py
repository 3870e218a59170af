"""Who did what, recorded in the same transaction as the deed: if one is undone, so is the other.

Signing and confirming are not recorded here: the signature's own row says when and how, once for each.
"""

from datetime import datetime
from typing import Any, Literal

from django.db import models

from letters.models import AuditEvent, User


def record(
    verb: str,
    thing: models.Model,
    *,
    by: User | Literal["signer"] | None,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Add an event. `by` is None for the system itself, and "signer" for the signer of `thing`.

    `details` must hold no address and no token.
    """
    AuditEvent.objects.create(
        at=now,
        actor=by if isinstance(by, User) else None,
        actor_kind="user" if isinstance(by, User) else by or "system",
        verb=verb,
        object_kind=thing._meta.model_name or "",
        object_id=thing.pk,
        reason=reason,
        details=details or {},
    )
