"""Read the names that a letter's own page shows. Performance: each query is bounded."""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, F, Func, IntegerField, Q, Value, When
from django.db.models.functions import Cast

from letters.models import COUNTED, LISTED, Display, History, Letter, Signature, SignatureQuerySet
from letters.public.public_pages import queries
from letters.shared.compiled_queries import CompiledQuery

NEWEST_ON_LETTER = 12
# The most first signatories on the letter's page. The list has all of them.
FIRST_ON_LETTER = 100
FIRST_ONES = Q(is_first=True) & LISTED
FEATURED = Q(display=Display.PUBLIC, is_first=False)


@dataclass(frozen=True)
class FirstSignatures:
    signatures: list[Signature]
    # The number of first signatories that are not in this list.
    more: int
    # The names that the organizers feature, with their signers' consent.
    featured: list[Signature]
    # The number of signatures by all other signers.
    others: int


def first_signatures(letter: Letter, changes: History | None) -> FirstSignatures:
    """Return the first signatories. The query uses an index of its own.

    Privacy: names come first, in the order that the organizers chose, the others by sequence number; then names
    withheld, ordered by their salts, which are random and secret. In the order of the organizers' list, everyone with
    that list could name them.
    """
    if not FIRST.all(letter=letter.pk):
        featured = featured_signatures(letter, changes)
        return FirstSignatures([], 0, featured, max(0, letter.signature_count - len(featured)))
    order = Value(letter.first_order, output_field=ArrayField(IntegerField()))
    chosen = Func(order, Cast("number", IntegerField()), function="array_position", output_field=IntegerField())
    place_if_named = Case(When(display=Display.PUBLIC, then=chosen))
    number_if_named = Case(When(display=Display.PUBLIC, then=F("number")))
    signatures = queries.counted(letter, changes).filter(FIRST_ONES)
    orders = [each.asc(nulls_last=True) for each in (place_if_named, number_if_named)]
    signatures = signatures.order_by(*orders, "salt")
    shown = list(signatures[: FIRST_ON_LETTER + 1])
    number = signatures.count() if len(shown) > FIRST_ON_LETTER else len(shown)
    shown = shown[:FIRST_ON_LETTER]
    featured = featured_signatures(letter, changes)
    others = max(0, letter.signature_count - number - len(featured))
    return FirstSignatures(shown, number - len(shown), featured, others)


def featured_signatures(letter: Letter, changes: History | None) -> list[Signature]:
    """Return the featured signatures, in the order of the letter. First signatories have their own place.

    Privacy: a name that is not shown to everyone any more is not featured any more, either.
    """
    if not letter.featured:
        return []
    featured = queries.counted(letter, changes).filter(FEATURED, number__in=letter.featured, state=COUNTED)
    return sorted(featured, key=lambda signature: letter.featured.index(signature.number or 0))


def newest_signatures(letter: Letter, changes: History | None) -> list[Signature]:
    """Return the newest signatures without first signatories and featured ones, whom the page lists above them."""
    if changes is None and not letter.featured:
        return NEWEST.all(letter=letter.pk, last=letter.last_number)
    newest = _newest(letter.pk, letter.last_number, changes)
    if letter.featured:
        newest = newest.exclude(FEATURED, number__in=letter.featured)
    return list(newest[:NEWEST_ON_LETTER])


def _newest(letter: int, last: int, changes: History | None = None) -> SignatureQuerySet:
    return queries.counted_to(letter, last, changes).published().filter(is_first=False)


# Performance: every letter's page asks these two. Most letters have no first signatories, and one text.
FIRST = CompiledQuery(lambda letter: Signature.objects.filter(FIRST_ONES, letter=letter).only("pk")[:1], letter=int)
NEWEST = CompiledQuery(lambda letter, last: _newest(letter, last)[:NEWEST_ON_LETTER], letter=int, last=int)
