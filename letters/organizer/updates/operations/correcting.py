"""Correct an update that was sent, in public."""

from datetime import datetime

from django.db import transaction

from letters.base.accounts.operations import keep_text
from letters.base.changes.operations import change_letter
from letters.models import WRITING, Update, UpdateCorrection, User
from letters.shared.refused import Refusal, Refused
from letters.shared.text import clean_line

MAX_CORRECTION_LENGTH = 1000
MAX_CORRECTIONS = 20


@transaction.atomic
def correct_update(update: Update, *, text: str, language: str, by: User, now: datetime) -> None:
    """Show a dated correction above the text of an update that was sent. No email is sent. It cannot be deleted.

    A double click corrects once. Raises Refused("no_body"), Refused("too_long"), Refused("not_public") for a draft or
    an update that is not on a public page, and Refused("too_many_corrections").
    """
    line = clean_line(text)
    if not line:
        raise Refused(Refusal.NO_BODY)
    if len(line) > MAX_CORRECTION_LENGTH:
        raise Refused(Refusal.TOO_LONG)
    change = change_letter(update.letter, WRITING, by=by, now=now)
    current = Update.objects.select_for_update(no_key=True).get(pk=update.pk, letter=update.letter)
    if current.state == Update.State.DRAFT or not current.is_public:
        raise Refused(Refusal.NOT_PUBLIC)
    if current.corrections.filter(text=line, language=language).exists():
        return
    if current.corrections.count() >= MAX_CORRECTIONS:
        raise Refused(Refusal.TOO_MANY_CORRECTIONS)
    keep_text([line], by=by, now=now)
    made = UpdateCorrection.objects.create(update=current, author=by, language=language, text=line, published_at=now)
    # Its public pages and the feed show something different now.
    change.update()
    change.record("correct_update", update, details={"letter": update.letter_id, "correction": made.pk})
