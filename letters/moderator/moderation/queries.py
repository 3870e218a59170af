"""What a letter's moderators look at, a page at a time: by keyset, so that judging one page does not move the next."""

from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Coalesce

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
from letters.shared.tokens import make_cursor, make_handle, read_cursor, read_handle

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
    onward: str | None


# Lists are ordered by when their signers confirmed, and never by id: first signatories get their ids in the order of
# their organizers' list, and somebody who has that list could name who is shown without a name.
MOMENT = Coalesce("confirmed_at", "signed_at")


def waiting(letter: Letter, cursor: str = "") -> Page:
    """What waits for a moderator, and what is published with a doubt about it: the longest first."""
    doubtful = Q(state=Signature.State.PUBLISHED) & ~Q(concern="")
    found = Signature.objects.filter(Q(state=Signature.State.HELD) | doubtful, letter=letter).annotate(moment=MOMENT)
    if after := read_cursor(f"waiting:{letter.pk}", cursor):
        found = found.filter(Q(moment__gt=after[0]) | Q(moment=after[0], pk__gt=after[1]))
    return _page(letter, "waiting", found.order_by("moment", "pk"))


def published(letter: Letter, cursor: str = "") -> Page:
    """What is published, the newest first, before a number."""
    found = Signature.objects.filter(letter=letter).published()
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 10:
        found = found.filter(number__lt=int(cursor))
    rows = list(found[: PAGE_LENGTH + 1])
    page = _with_handles(letter, rows[:PAGE_LENGTH])
    return Page(page, str(page[-1].number) if len(rows) > PAGE_LENGTH else None)


def rejected(letter: Letter, cursor: str = "") -> Page:
    """What moderators have said no to, to put back what should not have been: the newest first."""
    refused = Q(state=Signature.State.REJECTED) | Q(declined_changes__isnull=False)
    found = Signature.objects.filter(refused, letter=letter).annotate(moment=MOMENT)
    if after := read_cursor(f"rejected:{letter.pk}", cursor):
        found = found.filter(Q(moment__lt=after[0]) | Q(moment=after[0], pk__lt=after[1]))
    return _page(letter, "rejected", found.order_by("-moment", "-pk"))


def _page(letter: Letter, shown: str, found: SignatureQuerySet) -> Page:
    rows = list(found[: PAGE_LENGTH + 1])
    page = _with_handles(letter, rows[:PAGE_LENGTH])
    if len(rows) <= PAGE_LENGTH:
        return Page(page, None)
    last = page[-1]
    return Page(page, make_cursor(f"{shown}:{letter.pk}", last.confirmed_at or last.signed_at, last.pk))


def _with_handles(letter: Letter, page: list[Signature]) -> list[Signature]:
    """Each with the handle by which the form names it: an id would tell who stands before whom in an imported list."""
    for signature in page:
        signature.handle = make_handle(_purpose(letter), signature.pk)  # type: ignore[attr-defined]
    return page


def id_of_handle(letter: Letter, handle: str) -> int | None:
    """Which signature of the letter a form means; None for what is no handle of ours."""
    return read_handle(_purpose(letter), handle)


def _purpose(letter: Letter) -> str:
    return f"judge:{letter.pk}"


def text_of(letter: Letter) -> Translation:
    """The letter's current text in its own language, without the text itself."""
    return Translation.objects.defer("body", "html").get(revision=letter.current_revision, language=letter.language)
