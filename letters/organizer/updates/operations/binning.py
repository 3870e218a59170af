"""Put the draft of an update into the bin, take it out again, or delete it for good."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.bin import KEPT_IN_BIN
from letters.models import Update, User
from letters.organizer.updates.operations.writing import locked_draft, require_room

MAX_DELETED = 1000


@transaction.atomic
def bin_update(update: Update, *, by: User, now: datetime) -> None:
    """Put a draft into the bin for 30 days. Idempotent. Raises Refused("begun") once the update is being sent."""
    change, draft = locked_draft(update, by=by, now=now)
    if draft.binned_at is None:
        Update.objects.filter(pk=draft.pk).update(binned_at=now)
        change.record("bin_update", draft, details={"letter": draft.letter_id})


@transaction.atomic
def restore_update(update: Update, *, by: User, now: datetime) -> None:
    """Take a draft out of the bin. Idempotent. Raises Refused("too_many_unsent") beyond MAX_UNSENT drafts."""
    change, draft = locked_draft(update, by=by, now=now)
    if draft.binned_at is not None:
        require_room(update.letter)
        Update.objects.filter(pk=draft.pk).update(binned_at=None)
        change.record("restore_update", draft, details={"letter": draft.letter_id})


@transaction.atomic
def delete_update(update: Update, *, by: User, now: datetime) -> None:
    """Delete a draft in the bin for good, with its translations. A draft that has been restored stays."""
    change, draft = locked_draft(update, by=by, now=now)
    if draft.binned_at is not None:
        change.record("delete_update", draft, details={"letter": draft.letter_id})
        draft.delete()


def empty_bin_of_updates(*, now: datetime) -> None:
    """Delete drafts that have been in the bin for 30 days."""
    over = Update.objects.filter(binned_at__lte=now - KEPT_IN_BIN).order_by("pk")
    with transaction.atomic():
        # Race: a draft that a member has just taken out of the bin no longer matches, and stays.
        locked = over.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)[:MAX_DELETED]
        Update.objects.filter(pk__in=list(locked)).delete()
