"""Read whether a text needs a review, and whether it has had one."""

import hashlib
import json

from django.conf import settings

from letters.models import Letter, LetterReview, Revision, Translation


def fingerprint_of(revision: Revision) -> bytes:
    """Return as a hash what a text says in all its languages, with its picture, and what is said about the change."""
    texts = revision.translations.order_by("language")
    parts = [*([text.language, text.version] for text in texts), revision.cover_id, revision.cover_alt]
    about_change = [revision.kind, revision.note, sorted((revision.notes or {}).items())]
    return hashlib.sha256(json.dumps([parts, about_change]).encode()).digest()


def kind_of_review(letter: Letter, revision: Revision, kind: str) -> str:
    """Return the reason for a review of this text; "" if none is needed.

    A correction needs none, unless it adds a language: nobody has seen those words. Samples are written by the people
    who run the site.
    """
    if letter.is_sample:
        return ""
    if letter.current_revision_id is None or letter.status == Letter.Status.DRAFT:
        return LetterReview.Kind.FIRST
    if kind == Revision.Kind.SUBSTANCE:
        return LetterReview.Kind.SUBSTANCE
    known = Translation.objects.filter(revision=letter.current_revision_id).values_list("language", flat=True)
    new = revision.translations.exclude(language__in=list(known))
    return LetterReview.Kind.TRANSLATION if new.exists() else ""


def must_wait(letter: Letter, revision: Revision, kind: str) -> str:
    """Return the kind of review for which a text must wait; "" if it may be published now."""
    if not settings.REVIEW_LETTERS_FIRST:
        return ""
    wanted = kind_of_review(letter, revision, kind)
    return wanted if wanted and not is_approved(revision) else ""


def is_approved(revision: Revision) -> bool:
    """Return whether a site moderator has found fine exactly this text, and what is said about the change."""
    fine = LetterReview.objects.filter(revision=revision, letter=revision.letter_id, outcome=LetterReview.Outcome.FINE)
    return fine.filter(fingerprint=fingerprint_of(revision)).exists()


def waits_for_site(letter: Letter) -> LetterReview | None:
    """Return the review for which the newest text of a letter waits, unless the text has changed since it was asked."""
    review = LetterReview.objects.waiting().filter(letter=letter, is_before=True).select_related("revision").first()
    return review if review and bytes(review.fingerprint) == fingerprint_of(review.revision) else None
