"""Put a draft into the bin, take it out again, or delete it for good."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.bin import KEPT_IN_BIN, put_in_bin
from letters.base.changes.operations import LetterChange, change_letter, change_letter_unasked
from letters.models import OWNING, WRITING, Letter, Signature, Transition, User
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def bin_draft(letter: Letter, *, by: User, now: datetime) -> None:
    """Put a draft into the bin for 30 days. Idempotent.

    It is no longer scheduled, links to it stop working, and unanswered invitations end, as if all were cancelled.
    Raises Refused("only_drafts") for a letter that has been public.
    """
    change = change_letter(letter, WRITING, by=by, now=now, in_bin=True)
    if letter.status != Letter.Status.DRAFT:
        raise Refused(Refusal.ONLY_DRAFTS)
    if letter.binned_at is None:
        put_in_bin(Letter.objects.filter(pk=letter.pk), now, since=now)
        change.record("bin_draft", letter)


@transaction.atomic
def restore_draft(letter: Letter, *, by: User, now: datetime) -> None:
    """Take a draft out of the bin. Invitations that ended stay ended. Idempotent."""
    change = change_letter(letter, WRITING, by=by, now=now, in_bin=True)
    if letter.binned_at is not None:
        change.update_unseen(binned_at=None)
        change.record("restore_draft", letter)


@transaction.atomic
def delete_draft(letter: Letter, *, by: User, now: datetime) -> None:
    """Delete a draft in the bin for good, before its 30 days are over. Only owners may. See `_delete`.

    Raises Refused("only_drafts") for a letter that is not in the bin.
    """
    change = change_letter(letter, OWNING, by=by, now=now, in_bin=True)
    if letter.binned_at is None:
        raise Refused(Refusal.ONLY_DRAFTS)
    _delete(change)


def empty_bin(*, now: datetime) -> int:
    """Delete drafts that have been in the bin for 30 days. Returns how many."""
    deleted = 0
    over = Letter.objects.filter(binned_at__lte=now - KEPT_IN_BIN)
    for pk in over.order_by("pk").values_list("pk", flat=True)[:1000]:
        with transaction.atomic():
            # Race: it may have been taken out of the bin in the meantime.
            letter = (
                over.select_for_update(no_key=True, of=("self",)).select_related("collective").filter(pk=pk).first()
            )
            if letter is not None:
                _delete(change_letter_unasked(letter, by=None, now=now))
                deleted += 1
    return deleted


def _delete(change: LetterChange) -> None:
    """Delete the draft with its texts, pictures, invitations and the signatures of first signatories.

    Privacy: those people signed a letter that will never be public, so nothing about them is kept: no name, no address
    and no hash. The audit record keeps that the draft was deleted.
    """
    letter = change.letter
    change.record("delete_draft", letter)
    Signature.objects.filter(letter=letter).remove(Transition.DELETE_DRAFT)
    letter.updates.all().delete()
    letter.answers.all().delete()
    # Make the text editable again: the first invitation fixed it, and the database refuses to delete a fixed text.
    change.update_unseen(current_revision_id=None)
    letter.revisions.update(published_at=None)
    Letter.objects.get(pk=letter.pk).delete()
