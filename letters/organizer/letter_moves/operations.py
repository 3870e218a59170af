"""Offer a letter to another collective, cancel the offer, accept it or decline it.

Two owners must agree. Privacy: what a signer entrusted to one collective does not pass to another. Names that only
organizers see keep a letter where it is, and a consent to updates does not count for the next collective
(`Letter.moved_at`, docs/threat-model.md).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from letters.base.accounts.invitations import is_stopped
from letters.base.audit_log.operations import record
from letters.base.changes.operations import (
    change_collective,
    change_letter,
    change_letter_offered,
)
from letters.base.public_names.operations import claim_name
from letters.models import (
    OWNING,
    Collective,
    Export,
    InvitationBatch,
    Letter,
    LetterMove,
    Membership,
    NotificationKind,
    OrganisationContact,
    OrganisationSignature,
    OrganisationState,
    PaperCount,
    SignatoryList,
    User,
)
from letters.organizer.letter_moves import queries
from letters.organizer.notifications.operations import announce
from letters.shared.refused import Refusal, Refused

Outcome = LetterMove.Outcome
# An offer can be accepted for this long.
LIFETIME = timedelta(days=14)
# Other owners of the letter can cancel an offer for this long before anyone can accept it.
OBJECTION = timedelta(days=1)
# A collective that has declined a letter cannot be asked again within this time.
AFTER_DECLINING = timedelta(days=30)
# Abuse: each offer is an email to strangers.
MAX_OFFERS_A_DAY = 5


@transaction.atomic
def offer_letter(letter: Letter, *, slug: str, by: User, now: datetime) -> LetterMove:
    """Offer the letter to the collective with this slug. The letter stays until an owner there accepts.

    Privacy: the result looks the same whether there is such a collective or not. Raises Refused with a reason of
    `queries.hindrance`, and with "offered_already", "own_collective", "just_declined", "offered_too_often" and
    "invitations_stopped": bounced invitations count where they were sent.
    """
    change = change_letter(letter, OWNING, by=by, now=now)
    change.lock_account()
    target = Collective.objects.filter(slug=slug).first()
    _check_offer(letter, target, by, now)
    letter.moves.filter(outcome=Outcome.OPEN).update(outcome=Outcome.CANCELLED, ended_at=now)
    move = letter.moves.create(
        source=letter.collective,
        typed=slug,
        target=target,
        offered_by=by,
        offered_at=now,
        opens_at=now + OBJECTION if _has_another_owner(letter.collective, by) else now,
        expires_at=now + LIFETIME,
    )
    change.record("offer_letter", letter, details={"move": move.pk, "to": slug})
    _announce(NotificationKind.LETTER_OFFERED, move, letter.collective, now=now)
    if target:
        _announce(NotificationKind.LETTER_OFFERED, move, target, now=now)
        record("be_offered_letter", target, by=None, now=now, details={"move": move.pk})
    return move


def _check_offer(letter: Letter, target: Collective | None, by: User, now: datetime) -> None:
    if target and target.pk == letter.collective_id:
        raise Refused(Refusal.OWN_COLLECTIVE)
    if queries.offer_of(letter, now):
        raise Refused(Refusal.OFFERED_ALREADY)
    if reason := queries.hindrance(letter, now):
        raise Refused(reason)
    if is_stopped(letter.collective, by, now):
        raise Refused(Refusal.INVITATIONS_STOPPED)
    declined = letter.moves.filter(target=target, outcome=Outcome.DECLINED, ended_at__gt=now - AFTER_DECLINING)
    if target and declined.exists():
        raise Refused(Refusal.JUST_DECLINED)
    if LetterMove.objects.filter(offered_by=by, offered_at__gt=now - timedelta(days=1)).count() >= MAX_OFFERS_A_DAY:
        raise Refused(Refusal.OFFERED_TOO_OFTEN)


def _has_another_owner(collective: Collective, by: User) -> bool:
    owners = Membership.objects.filter(collective=collective, role__in=OWNING, user__is_active=True)
    return owners.exclude(user=by).exists()


@transaction.atomic
def cancel_offer(letter: Letter, *, by: User, now: datetime) -> None:
    """Cancel the offer. Any owner can. Idempotent."""
    change = change_letter(letter, OWNING, by=by, now=now)
    if letter.moves.filter(outcome=Outcome.OPEN).update(outcome=Outcome.CANCELLED, ended_at=now):
        change.record("cancel_offer", letter)


@transaction.atomic
def decline_offer(move: LetterMove, *, by: User, now: datetime) -> None:
    """Decline for the collective that the letter was offered to. Raises Refused("offer_over")."""
    target = _target_of(move)
    change = change_collective(target, OWNING, by=by, now=now)
    _end(move, Outcome.DECLINED, now)
    change.record("decline_letter", target, details={"move": move.pk})
    record("have_letter_declined", move.letter, by=None, now=now, details={"collective": target.name})
    _announce(NotificationKind.OFFER_ANSWERED, move, move.source, now=now)


@transaction.atomic
def accept_offer(move: LetterMove, *, by: User, now: datetime) -> None:
    """Move the letter, with everything under it, to the collective that it was offered to.

    Raises Refused with "offer_over", "still_cancellable", "not_cleared" or "name_in_use" for a public letter, and
    "cannot_move_now" for obstacles that only the owners who offered it can remove.
    """
    target, letter = _target_of(move), move.letter
    change = change_letter_offered(letter, target, by=by, now=now)
    offer = LetterMove.objects.open_at(now).filter(pk=move.pk, letter=letter).first()
    if offer is None:
        raise Refused(Refusal.OFFER_OVER)
    if now < offer.opens_at:
        raise Refused(Refusal.STILL_CANCELLABLE)
    if letter.status != Letter.Status.DRAFT:
        target.require_cleared()
        claim_name(target, now=now)
    source = Collective.objects.get(pk=letter.collective_id)
    # Race: a confirmation under way waits for these rows, finds them changed, and shows its page again (`CONFIRM`).
    queries.may_become_for_organizers(letter).update(concern=F("concern"))
    if queries.hindrance(letter, now) or is_stopped(source, offer.offered_by, now):
        raise Refused(Refusal.CANNOT_MOVE_NOW)
    _end(move, Outcome.ACCEPTED, now, source_name=source.name, target_name=target.name)
    change.record("hand_over_letter", letter, details={"collective": target.name})
    # Privacy: in the time zone of another collective, the days of old signatures would tell more about their hours.
    zone = letter.timezone or (source.timezone if letter.current_revision_id else "")
    change.update(collective=target, moved_at=now, publish_at=None, publish_refused="", timezone=zone)
    change.record("receive_letter", letter, details={"collective": source.name})
    _leave_behind(letter, now)
    for each in (source, target):
        _announce(NotificationKind.OFFER_ANSWERED, move, each, now=now)


def _leave_behind(letter: Letter, now: datetime) -> None:
    """Expire files and delete lists. Privacy: they may hold names that the new collective must not see."""
    # Race: first those that are being made, because a worker may finish one between these two statements.
    Export.objects.owed().filter(letter=letter).update(failed_at=now, error="moved")
    Export.objects.filter(letter=letter, expires_at__gt=now).update(expires_at=now)
    InvitationBatch.objects.filter(letter=letter).delete()
    SignatoryList.objects.filter(letter=letter).delete()
    # Their labels may name readers, and the page about them names who made them.
    letter.draft_links.all().delete()
    OrganisationContact.objects.filter(organisation__letter=letter).update(name="", role="")
    # The note of who vouched may name the person. The reason of a rejection stays: the person reads it behind the link.
    listed = OrganisationSignature.objects.filter(letter=letter, state=OrganisationState.PUBLISHED)
    listed.update(because="")
    # Where the sheets are kept may be a person's home.
    PaperCount.objects.filter(letter=letter).update(kept_at="")


def _target_of(move: LetterMove) -> Collective:
    if move.target is None:
        raise Refused(Refusal.NOT_YOURS)
    return move.target


def _end(move: LetterMove, outcome: LetterMove.Outcome, now: datetime, **names: str) -> None:
    """End an open offer. Race: if two owners answer at once, or one cancels, the first wins."""
    offer = LetterMove.objects.filter(pk=move.pk, outcome=Outcome.OPEN, expires_at__gt=now)
    if not offer.update(outcome=outcome, ended_at=now, **names):
        raise Refused(Refusal.OFFER_OVER)


def _announce(kind: NotificationKind, move: LetterMove, to: Collective, *, now: datetime) -> None:
    announce(kind, move.pk, to.pk, collective=to, move=move, now=now)
