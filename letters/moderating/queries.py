"""What a letter's moderators look at, a page at a time: by keyset, so that judging one page does not move the next."""

from dataclasses import dataclass

from django.db.models import Q

from letters.models import (
    MODERATING,
    Letter,
    LetterQuerySet,
    Signature,
    SignatureQuerySet,
    Translation,
    User,
    newest_titles,
)

PAGE_LENGTH = 50


def letters_of(moderator: User) -> list[Letter]:
    """The letters whose signatures this person judges, those with the most work first."""
    found = _looked_after_by(moderator).annotate(known_as=newest_titles())
    return list(found.order_by("-awaiting_review", "slug")[:200])


def letter_of(moderator: User, slug: str) -> Letter:
    """Raises Letter.DoesNotExist, also for who may not know that there is one."""
    return _looked_after_by(moderator).get(slug=slug)


def _looked_after_by(moderator: User) -> LetterQuerySet:
    return Letter.objects.public().cared_for_by(moderator, MODERATING)


@dataclass(frozen=True)
class Page:
    signatures: list[Signature]
    # Where the next page goes on; None on the last.
    onward: int | None


def waiting(letter: Letter, cursor: int = 0) -> Page:
    """What waits for a moderator, and what is published with a doubt about it: the longest first, after an id."""
    doubtful = Q(state=Signature.State.PUBLISHED) & ~Q(concern="")
    found = Signature.objects.filter(Q(state=Signature.State.HELD) | doubtful, letter=letter)
    return _page(found.filter(pk__gt=cursor).order_by("pk"))


def published(letter: Letter, cursor: int = 0) -> Page:
    """What is published, the newest first, before a number."""
    found = Signature.objects.filter(letter=letter).published()
    return _page(found.filter(number__lt=cursor) if cursor else found, by="number")


def rejected(letter: Letter, cursor: int = 0) -> Page:
    """What moderators have said no to, to put back what should not have been: the newest first, before an id."""
    refused = Q(state=Signature.State.REJECTED) | Q(declined__isnull=False)
    found = Signature.objects.filter(refused, letter=letter).order_by("-pk")
    return _page(found.filter(pk__lt=cursor) if cursor else found)


def _page(found: SignatureQuerySet, *, by: str = "pk") -> Page:
    rows = list(found[: PAGE_LENGTH + 1])
    page = rows[:PAGE_LENGTH]
    return Page(page, getattr(page[-1], by) if len(rows) > PAGE_LENGTH else None)


def text_of(letter: Letter) -> Translation:
    """The letter's current text in its own language, without the text itself."""
    return Translation.objects.defer("body", "html").get(revision=letter.current_revision, language=letter.language)
