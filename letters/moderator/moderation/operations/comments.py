"""Hide the comment of a signature, and show it again. The signature itself stays as it is."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.webhooks.operations import owe_changed
from letters.models import CONFIRMED, CommentHiding, Letter, Signature, User
from letters.moderator.moderation.operations.begin import (
    UNSEEN,
    Reason,
    Seen,
    begin,
    ids_of,
    lock,
    record_change,
    rows,
)
from letters.moderator.moderation.operations.deciding import reason_in_words, required_reason


@transaction.atomic
def hide_comments(
    letter: Letter,
    ids: Collection[int],
    *,
    reason: str,
    by: User,
    now: datetime,
    code: str = Reason.OTHER,
    seen: Seen = UNSEEN,
) -> int:
    """Keep comments off public pages and files, whatever their signers write next. Returns how many.

    The signers read the reason on their own page. Raises Refused("reason_retired") and Refused("no_reason") as
    rejecting does.
    """
    because = required_reason(reason, code)
    change, signatures = begin(letter, ids, by, now)
    may_have_one = signatures.filter(state__in=CONFIRMED, comment_hidden=False)
    # An encrypted comment is read here.
    shown = [each for each in lock(may_have_one.exclude(comment="", entrusted__isnull=True), seen) if each.comment]
    rows(shown).update(comment_hidden=True)
    why: dict[str, Any] = {"reason": code, "because": because, "note": reason.strip()}
    owe_changed(letter, ids_of(shown), now=now)
    _note_hidings(shown, **why, hidden_at=now, hidden_by=by)
    return record_change(change, "hide_comment", ids_of(shown), reason=reason_in_words(reason, because))


def _note_hidings(hidden: list[Signature], **values: Any) -> None:
    CommentHiding.objects.bulk_create(CommentHiding(signature=each, **values) for each in hidden)


@transaction.atomic
def show_comments(letter: Letter, ids: Collection[int], *, by: User, now: datetime, seen: Seen = UNSEEN) -> int:
    """Undo that, as long as the signature exists. Returns how many."""
    change, signatures = begin(letter, ids, by, now)
    hidden = lock(signatures.filter(state__in=CONFIRMED, comment_hidden=True), seen)
    rows(hidden).update(comment_hidden=False)
    open_ones = CommentHiding.objects.filter(signature__in=ids_of(hidden), shown_at__isnull=True)
    owe_changed(letter, ids_of(hidden), now=now)
    open_ones.update(shown_at=now, shown_by=by)
    return record_change(change, "show_comment", ids_of(hidden))
