"""Begin a new revision of a published letter, or discard it."""

from datetime import datetime

from django.db import transaction

from letters.base.accounts.operations import keep_text
from letters.base.changes.operations import change_letter
from letters.models import (
    MAX_TEXTS,
    WRITING,
    Letter,
    Revision,
    Translation,
    User,
)
from letters.organizer.letter_editor.operations.writing import stored_parts
from letters.shared.refused import Refusal, Refused
from letters.shared.text import digest


@transaction.atomic
def start_revision(letter: Letter, *, by: User, now: datetime) -> Revision:
    """Create a copy of the published text to be changed. Only the collective sees it until it is published.

    There is one unpublished revision at a time: starting another returns the same. Raises Refused("letter_draft")
    before the first publication, Refused("letter_withdrawn") or Refused("letter_taken_down") after its end,
    Refused("too_many_texts") after MAX_TEXTS, and Refused("too_much_text") as `keep_text` does, because a copy takes
    room too.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.DRAFT or letter.is_ended:
        raise Refused(letter.status_refusal())
    newest = letter.revisions.latest("number")
    if newest.published_at is None:
        return newest
    if newest.number >= MAX_TEXTS:
        raise Refused(Refusal.TOO_MANY_TEXTS)
    cover = {"cover_id": newest.cover_id, "cover_alt": newest.cover_alt}
    revision = Revision.objects.create(letter=letter, number=newest.number + 1, created_at=now, **cover)
    _copy_texts(letter, revision, by, now)
    change.record("start_revision", letter, details={"revision": revision.number})
    return revision


def _copy_texts(letter: Letter, revision: Revision, by: User, now: datetime) -> None:
    """Copy the published texts. Each counts as a translation of the original beside it, unless it says otherwise."""
    texts = list(Translation.objects.filter(revision=letter.current_revision_id or 0))
    keep_text([part for text in texts for part in stored_parts(text)], by=by, now=now)
    original = next(text.version for text in texts if text.language == letter.language)
    cover = revision.cover_parts()
    for text in texts:
        text.pk, text.revision = None, revision
        text.sha256 = digest(text.title, text.addressee, text.body, *cover)
        if text.language != letter.language:
            text.made_from = text.made_from or original
    Translation.objects.bulk_create(texts)


@transaction.atomic
def discard_revision(letter: Letter, *, by: User, now: datetime) -> None:
    """Delete the unpublished revision, which readers never saw. Idempotent."""
    change = change_letter(letter, WRITING, by=by, now=now)
    for revision in letter.revisions.filter(published_at=None, number__gt=1):
        change.record("discard_revision", letter, details={"revision": revision.number})
        revision.delete()
