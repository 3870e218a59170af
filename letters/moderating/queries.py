"""What a letter's moderators look at, a page at a time."""

from django.db.models import Q

from letters.models import Letter, Signature, SignatureQuerySet

PAGE_LENGTH = 50


def to_look_at(letter: Letter, *, after: int = 0) -> list[Signature]:
    """Signatures that wait for a moderator, and published ones that there is a doubt about, the longest first.

    A page goes on after an id, never by an offset: what has been judged meanwhile moves nothing.
    """
    doubtful = Q(state=Signature.State.PUBLISHED) & ~Q(concern="")
    return _page(Signature.objects.filter(Q(state=Signature.State.HELD) | doubtful, letter=letter), after)


def rejected(letter: Letter, *, after: int = 0) -> list[Signature]:
    """What moderators have taken out, to put back what should not have been."""
    return _page(Signature.objects.filter(letter=letter, state=Signature.State.REJECTED), after)


def _page(signatures: SignatureQuerySet, after: int) -> list[Signature]:
    return list(signatures.filter(pk__gt=after).order_by("pk")[:PAGE_LENGTH])
