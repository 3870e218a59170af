from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.user import User
from letters.shared.refused import Refusal, Refused


class Collective(models.Model):
    """Who publishes letters. The name may be a pseudonym; nobody behind it is named."""

    # As the public reads it.
    name = models.CharField(max_length=200)
    # In addresses.
    slug = models.SlugField(max_length=80, unique=True)
    # Who they are, in their own words; plain text.
    description = models.TextField(blank=True, max_length=2000)
    # Their own page elsewhere, if they have one.
    website = models.URLField(blank=True)
    # In which its organizers read and type times (IANA), for example "Europe/Rome".
    timezone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    created_at = models.DateTimeField()
    # When those who run the site have looked at it and let it publish; asked for with CLEAR_COLLECTIVES_FIRST only.
    cleared_at = models.DateTimeField(null=True, blank=True)
    # When staff let it invite again after its invitations had come back: what came back before does not count any more.
    invites_again_at = models.DateTimeField(null=True, blank=True)
    # When its owners asked for that, until staff have answered.
    asked_to_invite_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="collective_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def has_role(self, person: User, roles: Collection[str]) -> bool:
        """Whether somebody has one of these parts in it now. Asked of the database each time: parts are taken away."""
        return person.is_active and self.memberships.filter(user=person, role__in=roles).exists()

    def require_role(self, person: User, roles: Collection[str]) -> None:
        """Raises Refused("not_yours") for everybody else. Each operation asks, whatever stood at its door."""
        if not self.has_role(person, roles):
            raise Refused(Refusal.NOT_YOURS)

    def is_cleared(self) -> bool:
        """Whether it may publish and write to strangers. Asked of the database: staff may have looked at it since."""
        if not settings.CLEAR_COLLECTIVES_FIRST:
            return True
        return Collective.objects.filter(pk=self.pk, cleared_at__isnull=False).exists()

    def must_be_cleared(self) -> None:
        """Raises Refused("not_cleared") as long as staff have still to look at it, on a site that asks for that."""
        if not self.is_cleared():
            raise Refused(Refusal.NOT_CLEARED)

    def zone(self) -> ZoneInfo:
        """Its time zone, with summer time and all."""
        return ZoneInfo(self.timezone)


class Membership(models.Model):
    """A user's part in a collective. Without one, the collective's drafts do not exist for that user."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        EDITOR = "editor", "Editor"
        MODERATOR = "moderator", "Moderator"

    collective = models.ForeignKey(Collective, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    # Owners may do everything, editors write and publish, moderators judge signatures.
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("collective", "user", name="membership_once_a_collective"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "editor", "moderator"]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.collective_id}"


# What each part lets do: write and publish, judge signatures, decide about the collective itself.
WRITING = [Membership.Role.OWNER, Membership.Role.EDITOR]
MODERATING = [Membership.Role.OWNER, Membership.Role.MODERATOR]
OWNING = [Membership.Role.OWNER]
