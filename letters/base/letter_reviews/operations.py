"""Ask site moderators to look at a text, and end that when the letter is taken down."""

from datetime import datetime

from letters.base.letter_reviews.queries import fingerprint_of
from letters.models import Letter, LetterReview, Revision, User


def ask_for_review(
    letter: Letter, revision: Revision, *, kind: str, is_before: bool, by: User | None, now: datetime, note: str = ""
) -> None:
    """Put a text before the site moderators. The caller holds the lock of the letter.

    A text that nobody has looked at keeps its place in the queue when a newer one replaces it.
    """
    found = LetterReview.objects.open().filter(letter=letter).first()
    fingerprint = fingerprint_of(revision)
    if found is None:
        found = LetterReview(letter=letter, kind=kind, asked_at=now, asked_by=by)
    elif found.is_before == is_before and bytes(found.fingerprint) == fingerprint and found.revision_id == revision.pk:
        return
    elif found.is_before and not found.revision.published_at:
        # Nobody could read the earlier text. The age of the wish to publish does not count.
        found.kind, found.asked_at, found.asked_by = kind, now, by
    found.revision, found.fingerprint, found.is_before, found.note = revision, fingerprint, is_before, note
    found.save()


def end_review(letter: Letter, *, by: User, now: datetime) -> None:
    """End an open review, because the letter is taken down. The caller holds the lock of the letter."""
    taken_down = {"outcome": LetterReview.Outcome.TAKEN_DOWN, "decided_at": now, "decided_by": by}
    LetterReview.objects.open().filter(letter=letter).update(**taken_down)
