"""Read what moderators see of a letter's signatures.

Performance: pages use keyset pagination, so a decision on one page does not shift the next.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from letters.models import (
    IN_QUEUE,
    MODERATING,
    NUMBERED_IN_QUEUE,
    Letter,
    LetterQuerySet,
    RejectionAppeal,
    SecondOpinion,
    Signature,
    SignatureQuerySet,
    State,
    User,
    Wave,
    newest_titles,
)
from letters.shared.numbers import read_number
from letters.shared.tokens import make_cursor, make_handle, read_cursor, read_handle

PAGE_LENGTH = 50


def letters_of(moderator: User) -> list[Letter]:
    """Return the letters that this person moderates, those with the most work first.

    `to_review` says how many signatures wait, with and without a number. `has_drawn` tells whether a letter has
    signatures for a second opinion, and `has_wave` whether it has a wave.
    """
    drawn = SecondOpinion.objects.filter(letter=OuterRef("pk"), answer="")
    letters = _looked_after_by(moderator).annotate(known_as=newest_titles(), has_drawn=Exists(drawn))
    letters = letters.annotate(has_wave=Exists(Wave.objects.filter(letter=OuterRef("pk"), over_at=None)))
    numbered = Signature.objects.filter(NUMBERED_IN_QUEUE, letter=OuterRef("pk")).order_by().values("letter")
    counted = Coalesce(Subquery(numbered.annotate(number=Count("pk")).values("number")), 0)
    return list(letters.annotate(to_review=F("awaiting_review") + counted).order_by("-to_review", "slug")[:200])


def letter_of(moderator: User, slug: str) -> Letter:
    """Return the letter. Raises Letter.DoesNotExist also for a letter that this person may not know of."""
    return _looked_after_by(moderator).get(slug=slug)


def _looked_after_by(moderator: User) -> LetterQuerySet:
    return Letter.objects.public().cared_for_by(moderator, MODERATING)


@dataclass(frozen=True)
class Page:
    signatures: list[Signature]
    # The cursor of the next page; None on the last one.
    onward: str | None


# Privacy: lists are sorted by confirmation, never by id. First signatories get their ids in the order of their
# organizers' list, so sorting by id would reveal the names of those who show none.
MOMENT = Coalesce("confirmed_at", "signed_at")


def _waiting(letter: Letter) -> SignatureQuerySet:
    # Appeals are decided one by one, in the queue, which leaves out those that a person must not decide.
    appealed = RejectionAppeal.objects.waiting().filter(signature=OuterRef("pk"))
    return Signature.objects.filter(~Exists(appealed), IN_QUEUE, letter=letter)


def waiting(letter: Letter, cursor: str = "") -> Page:
    """Return signatures that wait for a moderator, the oldest first."""
    signatures = _waiting(letter).annotate(moment=MOMENT)
    if after := read_cursor(f"waiting:{letter.pk}", cursor):
        signatures = signatures.filter(Q(moment__gt=after[0]) | Q(moment=after[0], pk__gt=after[1]))
    return _page(letter, "waiting", signatures.order_by("moment", "pk"))


# The highest number of waiting signatures that a page shows.
MAX_COUNTED = 1000


def number_waiting(letter: Letter) -> int:
    """Count the signatures of the list above, up to MAX_COUNTED."""
    return _waiting(letter)[:MAX_COUNTED].count()


def undoable_among(letter: Letter, ids: Collection[int]) -> list[int]:
    """Return the ids of signatures that wait without new words: their acceptance can be undone."""
    waiting = _waiting(letter).filter(pk__in=ids, pending_changes__isnull=True)
    return list(waiting.values_list("pk", flat=True))


def rejected_among(letter: Letter, ids: Collection[int]) -> list[int]:
    """Return the ids of rejected signatures, without the published ones whose new words were declined."""
    return list(Signature.objects.filter(letter=letter, pk__in=ids, state=State.REJECTED).values_list("pk", flat=True))


def published(letter: Letter, cursor: str = "") -> Page:
    """Return published signatures below a number, newest first."""
    # By their state: those that their signers have withdrawn since are nothing to decide about.
    numbered = Signature.objects.filter(letter=letter, state=State.PUBLISHED, number__isnull=False)
    signatures = numbered.order_by("-number")
    if (number := read_number(cursor)) is not None:
        signatures = signatures.filter(number__lt=number)
    rows = list(signatures.select_related("doubt")[: PAGE_LENGTH + 1])
    page = rows[:PAGE_LENGTH]
    return Page(page, str(page[-1].number) if len(rows) > PAGE_LENGTH else None)


def rejected(letter: Letter, cursor: str = "") -> Page:
    """Return rejected signatures and declined changes, newest first, so that mistakes can be undone."""
    refused = Q(state=State.REJECTED) & ~Q(concern=Signature.Concern.RECHECK) | Q(declined_changes__isnull=False)
    signatures = Signature.objects.filter(refused, letter=letter).annotate(moment=MOMENT)
    if after := read_cursor(f"rejected:{letter.pk}", cursor):
        signatures = signatures.filter(Q(moment__lt=after[0]) | Q(moment=after[0], pk__lt=after[1]))
    return _page(letter, "rejected", signatures.order_by("-moment", "-pk"))


def _page(letter: Letter, shown: str, signatures: SignatureQuerySet) -> Page:
    rows = list(signatures.select_related("doubt")[: PAGE_LENGTH + 1])
    page = rows[:PAGE_LENGTH]
    if len(rows) <= PAGE_LENGTH:
        return Page(page, None)
    last = page[-1]
    return Page(page, make_cursor(f"{shown}:{letter.pk}", last.confirmed_at or last.signed_at, last.pk))


def handle_of(letter: Letter, signature_id: int) -> str:
    """Return the handle by which the form names a signature.

    Privacy: an id would reveal the order of an imported list.
    """
    return make_handle(_purpose(letter), signature_id)


def id_of_handle(letter: Letter, handle: str) -> int | None:
    """Return the id of the signature that a handle names, or None."""
    return read_handle(_purpose(letter), handle)


def _purpose(letter: Letter) -> str:
    return f"list:{letter.pk}"
