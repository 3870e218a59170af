"""The text that a signer reads, in their language."""

import time
from functools import lru_cache

from letters.base.public_letters.queries import public_letter, public_letters
from letters.models import (
    Letter,
    Revision,
    Signature,
    Translation,
)
from letters.shared.numbers import read_number

# A form may send any number for the text that was seen. Longer numbers are not read.
MAX_DIGITS = 6


def letter_to_sign(slug: str, language: str) -> Letter:
    """Return a public letter, at most a second old. Raises Letter.DoesNotExist, also if it has no text in this
    language.

    Performance: reading it for every signer would cost as much as writing the signature, and it rarely changes.
    """
    return _letter_in_second(slug, language, int(time.monotonic()))


@lru_cache(maxsize=256)
def _letter_in_second(slug: str, language: str, second: int) -> Letter:
    if not language:
        return public_letter(slug)
    return public_letters().filter(current_revision__translations__language=language).get(slug=slug)


def translation_of(revision_id: int, language: str) -> Translation:
    """Return the text that a signer sees in a language. Raises Translation.DoesNotExist."""
    return Translation.objects.defer("body", "html").get(revision_id=revision_id, language=language)


def has_seen_current(letter: Letter, language: str, seen: str) -> bool:
    """Return whether the text above the form was, in this language, the same as the letter's current text.

    A form that names no text counts only if the letter has only ever had one text.
    """
    current = letter.current_revision
    if current is None or seen == str(current.number):
        return current is not None
    if not seen and current.number == 1:
        return True
    published = letter.revisions.published()
    if not seen:
        return not published.exclude(pk=current.pk).exists()
    number = read_number(seen, max_digits=MAX_DIGITS)
    if number is None:
        return False
    both = Translation.objects.filter(revision__in=published, language=language)
    both = both.filter(revision__number__in=[number, current.number])
    texts = [(bytes(fingerprint), summary) for fingerprint, summary in both.values_list("sha256", "summary")]
    return len(texts) == 2 and texts[0] == texts[1]


def language_for(letter: Letter, spoken: str) -> str:
    """Return the reader's language if the letter has a text in it, and otherwise the letter's own."""
    texts = Translation.objects.filter(revision_id=letter.current_revision_id or 0, language=spoken)
    return spoken if texts.exists() else letter.language


def texts_to_sign(signature: Signature) -> dict[str, Translation]:
    """Return the texts that an invited person reads, by language: the current ones, or those that they have signed."""
    revision_id = signature.revision_id
    if signature.state == Signature.State.INVITED:
        revision_id = signature.letter.current_revision_id or revision_id
    return {text.language: text for text in Translation.objects.filter(revision_id=revision_id)}


@lru_cache(maxsize=1024)
def number_of(revision_id: int) -> int:
    """Return the number of a text, which never changes."""
    return Revision.objects.values_list("number", flat=True).get(pk=revision_id)


@lru_cache(maxsize=1024)
def title_of(revision_id: int, *languages: str) -> str:
    """Return the title that was signed, in the first of these languages that the text has.

    Raises Translation.DoesNotExist if it has none of them. The cache never expires: a published text cannot change
    (migration 0002).
    """
    texts = Translation.objects.filter(revision_id=revision_id, language__in=languages)
    titles = dict(texts.values_list("language", "title"))
    if not titles:
        raise Translation.DoesNotExist
    return next(titles[language] for language in languages if language in titles)
