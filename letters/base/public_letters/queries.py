"""Read a letter that the public may know of, and its text."""

from letters.models import Letter, LetterQuerySet, Revision, Translation
from letters.shared.compiled_queries import CompiledQuery


def public_letters() -> LetterQuerySet:
    """Return the letters that are not drafts, each with its collective and its current revision."""
    return Letter.objects.public().select_related("collective", "current_revision")


# Performance: every page of a letter asks these two.
BY_SLUG = CompiledQuery(lambda slug: public_letters().filter(slug=slug), slug=str)
TEXT = CompiledQuery(
    lambda revision, language: Translation.objects.defer("body").filter(revision=revision, language=language),
    revision=int,
    language=str,
)


def public_letter(slug: str) -> Letter:
    """Return a public letter. Raise Letter.DoesNotExist for a draft too, so that nobody learns that it exists."""
    if letter := BY_SLUG.first(slug=slug):
        return letter
    raise Letter.DoesNotExist


def text_of(letter: Letter, language: str, revision: Revision | None = None) -> Translation:
    """Return the text of a revision (the current one by default) in one language. Raise Translation.DoesNotExist."""
    number = revision.pk if revision else letter.current_revision_id
    if number and (text := TEXT.first(revision=number, language=language)):
        return text
    raise Translation.DoesNotExist
