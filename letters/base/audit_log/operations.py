"""Record who did what, in the transaction that does it: both are committed or neither is.

Signing and confirming are not recorded here, because the signature's own row holds their times.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from django.db import models

from letters.models import AuditEvent, Collective, Letter, User

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
    """Add an event. `by` is None for the system, and "signer" for the signer of `thing`.

    Owners can read the events of their collective: those about itself, about objects that belong to it, and about
    objects of its letters. Privacy: `details` must contain no address and no token.
    """
    kind = thing._meta.model_name or ""
    _add(verb, kind, [thing.pk], _collective_of(thing), by=by, now=now, reason=reason, details=details or {})


def record_each(
    verb: str,
    kind: str,
    ids: Iterable[int],
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
    collective_id: int | None = None,
) -> None:
    """Add an event for each of several objects of one kind, for example "signature".

    Without `collective_id`, the collective is that of the letter in `details["letter"]`.
    """
    collective_id = collective_id or _collective_of_letter((details or {}).get("letter"))
    _add(verb, kind, ids, collective_id, by=by, now=now, reason=reason, details=details or {})


def _add(
    verb: str,
    kind: str,
    ids: Iterable[int],
    collective_id: int | None,
    *,
    by: Actor,
    now: datetime,
    reason: str,
    details: dict[str, Any],
) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=now,
            actor=by if isinstance(by, User) else None,
            actor_kind="user" if isinstance(by, User) else by or "system",
            verb=verb,
            object_kind=kind,
            object_id=each,
            collective_id=collective_id,
            reason=reason,
            details=details,
        )
        for each in ids
    )


def _collective_of(thing: models.Model) -> int | None:
    if isinstance(thing, Collective):
        return thing.pk
    if hasattr(thing, "collective_id"):
        return int(thing.collective_id)
    return _collective_of_letter(getattr(thing, "letter_id", None))


def _collective_of_letter(letter_id: int | None) -> int | None:
    return Letter.objects.values_list("collective_id", flat=True).filter(pk=letter_id).first() if letter_id else None
