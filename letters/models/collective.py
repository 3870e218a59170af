from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.user import User
from letters.shared.refused import Refusal, Refused


class Collective(models.Model):
    """The publisher of letters. The name may be a pseudonym; the people behind it are never named."""

    # The name that the public reads.
    name = models.CharField(max_length=200)
    # Part of its URLs.
    slug = models.SlugField(max_length=80, unique=True)
    # Their own description, as plain text.
    description = models.TextField(blank=True, max_length=2000)
    # Their own website, if they have one.
    website = models.URLField(blank=True)
    # The IANA time zone in which its organizers read and enter times, for example "Europe/Rome".
    timezone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    created_at = models.DateTimeField()
    # The time when staff let it publish. Used only with CLEAR_COLLECTIVES_FIRST.
    cleared_at = models.DateTimeField(null=True, blank=True)
    # The time when staff let it invite again after too many bounces. Earlier bounces no longer count.
    invites_again_at = models.DateTimeField(null=True, blank=True)
    # The time when its owners asked to invite again. None once staff have answered.
    asked_to_invite_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="collective_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def has_role(self, person: User, roles: Collection[str]) -> bool:
        """Tell whether a person has one of these roles now.

        Race: always asks the database, because roles can be removed.
        """
        return person.is_active and self.memberships.filter(user=person, role__in=roles).exists()

    def require_role(self, person: User, roles: Collection[str]) -> None:
        """Raise Refused("not_yours") for everyone without one of these roles.

        Every operation calls this, whatever its view checked.
        """
        if not self.has_role(person, roles):
            raise Refused(Refusal.NOT_YOURS)

    def is_cleared(self) -> bool:
        """Tell whether it may publish and write to strangers.

        Race: always asks the database, because staff may have cleared it since it was read.
        """
        if not settings.CLEAR_COLLECTIVES_FIRST:
            return True
        return Collective.objects.filter(pk=self.pk, cleared_at__isnull=False).exists()

    def require_cleared(self) -> None:
        """Raise Refused("not_cleared") while staff have still to clear it, on sites that ask for that."""
        if not self.is_cleared():
            raise Refused(Refusal.NOT_CLEARED)

    def zone(self) -> ZoneInfo:
        """Return its time zone."""
        return ZoneInfo(self.timezone)


class Membership(models.Model):
    """A user's role in a collective. Without one, the collective's drafts do not exist for the user."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        EDITOR = "editor", "Editor"
        MODERATOR = "moderator", "Moderator"

    collective = models.ForeignKey(Collective, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    # Owners may do everything, editors write and publish, moderators accept and reject signatures.
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


# The roles that may write and publish, moderate signatures, and decide about the collective itself.
WRITING = [Membership.Role.OWNER, Membership.Role.EDITOR]
MODERATING = [Membership.Role.OWNER, Membership.Role.MODERATOR]
OWNING = [Membership.Role.OWNER]
