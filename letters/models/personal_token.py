from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from letters.models.collective import Membership
from letters.models.letter import Letter


class Scope(models.TextChoices):
    """What a personal token may read."""

    LETTERS = "letters:read", _("Letters: drafts, texts and settings")
    SIGNATURES = "signatures:read", _("Signatures: the list that organizers see, without email addresses")
    COUNTS = "counts:read", _("Numbers: the overview of each letter")
    UPDATES = "updates:read", _("Updates: drafts, and what was sent")


class PersonalTokenQuerySet(models.QuerySet["PersonalToken"]):
    def valid(self, now: datetime) -> PersonalTokenQuerySet:
        """Select tokens that work now.

        Security: the account and the collective are asked at each use, so that a token ends with either of them.
        """
        return self.filter(
            expires_at__gt=now, membership__user__is_active=True, membership__collective__suspended_at=None
        )


class PersonalToken(models.Model):
    """A secret with which a program reads what one member may read of the letters of one collective.

    Security: it belongs to the membership, so it is deleted with it and never comes back. The role is that of the
    membership at each use.
    """

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="personal_tokens")
    # Only this letter; every letter of the collective if there is none.
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # What the member calls it.
    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    # SHA-256 of the secret, which is stored nowhere. It has 32 random bytes, so no one can guess it from the hash.
    digest = models.BinaryField(max_length=32, unique=True)
    # The first characters of the secret, by which its member recognises it.
    beginning = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Privacy: the day only, in the collective's time zone.
    last_used_on = models.DateField(null=True, blank=True)

    objects: ClassVar[models.Manager[PersonalToken]] = models.Manager.from_queryset(PersonalTokenQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="personal_token_has_a_name"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="personal_token_expires"),
            models.CheckConstraint(
                condition=Q(scopes__len__gte=1, scopes__contained_by=Scope.values), name="personal_token_scopes_known"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="personal_token_to_forget")]

    def __str__(self) -> str:
        return f"Personal token {self.pk}"

    @property
    def collective_id(self) -> int:
        """Return the collective whose activity shows what happens to it."""
        return self.membership.collective_id
