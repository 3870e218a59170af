"""Read a letter that the public may know of, and its text."""

from letters.models import Letter, LetterQuerySet, Revision, Translation


def public_letters() -> LetterQuerySet:
    """Return the letters that are not drafts, each with its collective and its current revision."""
    return Letter.objects.public().select_related("collective", "current_revision")


def public_letter(slug: str) -> Letter:
    """Return a public letter. Raise Letter.DoesNotExist for a draft too, so that nobody learns that it exists."""
    return public_letters().get(slug=slug)


def text_of(letter: Letter, language: str, revision: Revision | None = None) -> Translation:
    """Return the text of a revision (the current one by default) in one language. Raise Translation.DoesNotExist."""
    return Translation.objects.defer("body").get(revision=revision or letter.current_revision, language=language)
