from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from letters.models.collective import OWNING, Collective, Membership
from letters.models.letter import Letter
from letters.models.user import User


class LetterMoveQuerySet(models.QuerySet["LetterMove"]):
    def open_at(self, now: datetime) -> LetterMoveQuerySet:
        """Select offers that can be answered now.

        Security: the person who made the offer must still own the collective, which must still have the letter.
        """
        owners = Membership.objects.filter(
            collective=OuterRef("letter__collective"),
            user=OuterRef("offered_by"),
            role__in=OWNING,
            user__is_active=True,
        )
        same = {"letter__collective": F("source"), "letter__binned_at": None}
        return self.filter(Exists(owners), **same, outcome="", expires_at__gt=now)

    def offered_to(self, person: User) -> LetterMoveQuerySet:
        """Select offers to collectives that this person owns. Others do not exist for them."""
        return self.filter(target__memberships__user=person, target__memberships__role__in=OWNING)

    def made(self) -> LetterMoveQuerySet:
        """Select the moves that took place, the first one first."""
        return self.filter(outcome=LetterMove.Outcome.ACCEPTED).order_by("ended_at")


class LetterMove(models.Model):
    """A letter that one collective offers to another. It moves when an owner there accepts."""

    class Outcome(models.TextChoices):
        OPEN = "", "Open"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        CANCELLED = "cancelled", "Cancelled"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="moves")
    source = models.ForeignKey(Collective, on_delete=models.PROTECT, related_name="+")
    # The name in web addresses, as it was typed.
    typed = models.CharField(max_length=80)
    # None if there is no such collective. Privacy: the owners who typed it are not told.
    target = models.ForeignKey(Collective, on_delete=models.PROTECT, null=True, related_name="+")
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    # When it can first be accepted: other owners of the letter have a day to cancel it.
    opens_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # The names of both collectives when the letter moved. The public history shows them permanently.
    source_name = models.CharField(max_length=200, blank=True)
    target_name = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[LetterMove]] = models.Manager.from_queryset(LetterMoveQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["", "accepted", "declined", "cancelled"]), name="letter_move_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at__isnull=True) | (~Q(outcome="") & Q(ended_at__isnull=False)),
                name="letter_move_says_when_it_ended",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="accepted")
                | (Q(target__isnull=False) & ~Q(target=F("source")) & ~Q(source_name="") & ~Q(target_name="")),
                name="letter_move_leads_elsewhere",
            ),
            # Race: a letter has one offer at a time.
            models.UniqueConstraint(fields=["letter"], condition=Q(outcome=""), name="letter_move_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"Move {self.pk} of letter {self.letter_id}"


def public_moves(letter: Letter) -> list[LetterMove]:
    """Return the moves of a public letter, the first one first.

    Privacy: nobody learns that a draft belonged to another collective before.
    """
    if letter.moved_at is None or letter.published_at is None:
        return []
    return list(letter.moves.made().filter(ended_at__gte=letter.published_at))
