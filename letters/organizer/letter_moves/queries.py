"""Read offers, and the reasons why a letter cannot move."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from letters.models import (
    ENTRUSTED,
    CarryOver,
    Display,
    InvitationBatch,
    Letter,
    LetterMove,
    Signature,
    SignatureQuerySet,
    Submission,
    Update,
    User,
)
from letters.shared.refused import Refusal

# A letter stays where it is for this long. Trust: signers can follow it, and nobody passes the same signatures around.
BETWEEN_MOVES = timedelta(days=30)
# People who were invited this recently trusted the collective that wrote to them. Their bounces count there, too.
AFTER_INVITATIONS = timedelta(days=30)
# By then, the emails of a carry-over question have been sent.
AFTER_QUESTION = timedelta(days=1)
MAX_LISTED = 50


def hindrance(letter: Letter, now: datetime) -> Refusal | None:
    """Return why the letter cannot move now, or None.

    Privacy: each reason depends on what organizers did or see, never on who has answered an invitation, or on a
    signature that nobody has confirmed.
    """
    if letter.is_ended:
        return letter.status_refusal()
    if letter.moved_at and now < letter.moved_at + BETWEEN_MOVES:
        return Refusal.MOVED_LATELY
    if _has_invited(letter, now):
        return Refusal.INVITED_LATELY
    if _is_emailing(letter, now):
        return Refusal.EMAILS_UNDER_WAY
    if letter.is_sealed:
        return Refusal.LETTER_SEALED
    return Refusal.NAMES_ENTRUSTED if names_for_organizers(letter).exists() else None


def _has_invited(letter: Letter, now: datetime) -> bool:
    if letter.status == Letter.Status.DRAFT:
        # Names under a draft are not public yet. They were entrusted to this collective alone.
        return letter.signatures.exists() or InvitationBatch.objects.filter(letter=letter).exists()
    return InvitationBatch.objects.filter(letter=letter, created_at__gt=now - AFTER_INVITATIONS).exists()


def _is_emailing(letter: Letter, now: datetime) -> bool:
    asked = CarryOver.objects.filter(revision__letter=letter, asked_at__gt=now - AFTER_QUESTION)
    return Update.objects.under_way().filter(letter=letter).exists() or asked.exists()


def names_for_organizers(letter: Letter) -> SignatureQuerySet:
    """Select signatures whose name only the organizers see, removed ones included."""
    return Signature.objects.filter(ENTRUSTED, letter=letter)


def may_become_for_organizers(letter: Letter) -> SignatureQuerySet:
    """Select unconfirmed signatures that would show their name only to the organizers."""
    typed = Submission.objects.filter(signature=OuterRef("pk"), display=Display.ORGANIZERS, answered_at=None)
    pending = Signature.objects.filter(letter=letter, state=Signature.State.PENDING)
    return pending.filter(Q(display=Display.ORGANIZERS) | Exists(typed))


def offer_of(letter: Letter, now: datetime) -> LetterMove | None:
    """Return the offer of this letter that can be answered now."""
    return letter.moves.open_at(now).first()


def moves_of(letter: Letter) -> list[LetterMove]:
    """Return the offers of this letter that have ended, newest first."""
    return list(letter.moves.exclude(outcome=LetterMove.Outcome.OPEN).order_by("-pk")[:MAX_LISTED])


def offer_to(person: User, move_id: int) -> LetterMove:
    """Return an offer to one of a person's own collectives. Raises LetterMove.DoesNotExist for all others."""
    offers = LetterMove.objects.offered_to(person).select_related("letter__collective", "source", "target")
    return offers.get(pk=move_id)
