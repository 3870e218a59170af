from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from letters.models.collective import OWNING, Collective, Membership
from letters.shared.tokens import make_invitation_token


class MemberInvitationQuerySet(models.QuerySet["MemberInvitation"]):
    def open(self) -> MemberInvitationQuerySet:
        """Select invitations that were neither accepted nor withdrawn, whether or not they have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def active(self, now: datetime) -> MemberInvitationQuerySet:
        """Select invitations that can be accepted now.

        Security: the person who invited must still be an owner. Otherwise an owner who is removed could come back
        through an invitation to themselves.
        """
        owners = Membership.objects.filter(
            collective=OuterRef("collective"), user=OuterRef("invited_by"), role__in=OWNING, user__is_active=True
        )
        return self.open().filter(Exists(owners), expires_at__gt=now)


class MemberInvitation(models.Model):
    """A role in a collective, offered by email for two weeks. The address is deleted when the offer ends."""

    collective = models.ForeignKey(Collective, on_delete=models.CASCADE, related_name="invitations", db_index=False)
    role = models.CharField(max_length=10, choices=Membership.Role)
    # Encrypted (letters/shared/addresses.py, `encrypt`); empty once the invitation was accepted or withdrawn.
    address = models.BinaryField(null=True, blank=True)
    # HMAC-SHA256 of the canonical address, for finding earlier invitations.
    address_hash = models.BinaryField(max_length=32)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # Part of the token in the email.
    salt = models.BinaryField(max_length=8)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # How it ended, if it did not expire.
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    # When the invited person declined. `revoked_at` is then the same time.
    declined_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[MemberInvitation]] = models.Manager.from_queryset(MemberInvitationQuerySet)()

    class Meta:
        constraints = [
            # Race: the database decides whether the address has an open invitation already.
            models.UniqueConstraint(
                fields=["address_hash", "collective"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "editor", "moderator"]), name="invitation_role_known"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at__isnull=True),
                name="invitation_accepted_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True, address__isnull=False)
                | (Q(address__isnull=True) & (Q(accepted_at__isnull=False) | Q(revoked_at__isnull=False))),
                name="invitation_forgets_its_address",
            ),
        ]
        indexes = [
            models.Index("collective", "created_at", name="invitation_of_a_collective"),
            models.Index("address_hash", "created_at", name="invitation_to_an_address"),
        ]

    def __str__(self) -> str:
        return f"Invitation {self.pk}"

    def link(self) -> str:
        """Return the path of the invitation's page."""
        return reverse("join", kwargs={"token": make_invitation_token(invitation_id=self.pk, salt=self.salt)})
