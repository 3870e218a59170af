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
    # The time when staff allowed it to publish. Used only with CLEAR_COLLECTIVES_FIRST.
    cleared_at = models.DateTimeField(null=True, blank=True)
    # The time when staff allowed it to invite again after too many bounces. Earlier bounces no longer count.
    invites_again_at = models.DateTimeField(null=True, blank=True)
    # The time when its owners asked to invite again. None once staff have answered.
    asked_to_invite_at = models.DateTimeField(null=True, blank=True)
    # When staff suspended it. Its members can change nothing.
    suspended_at = models.DateTimeField(null=True, blank=True)
    # The member who reads replies to its emails. Abuse: only a member's own address can get them, only that member can
    # choose it, and it ends with the membership.
    replies_to = models.ForeignKey(
        "letters.Membership", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The end of the last day that is done: members got an email about it, or did not need one. A worker compares and
    # sets it in one statement, so that members get no two emails about one day.
    told_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="collective_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def has_member(self, person: User) -> bool:
        """Return whether a person is a member now, in any role."""
        return self.memberships.filter(user=person).exists()

    def has_role(self, person: User, roles: Collection[str]) -> bool:
        """Return whether a person has one of these roles now.

        Race: always asks the database, because roles can be removed.
        """
        return person.is_active and self.memberships.filter(user=person, role__in=roles).exists()

    def why_not(self, person: User, roles: Collection[str]) -> Refusal | None:
        """Return why a person may change nothing with one of these roles now; None if they may.

        Race: always asks the database, because roles can be removed, and staff can suspend the collective.
        """
        theirs = self.memberships.filter(user=person, role__in=roles) if person.is_active else self.memberships.none()
        found = theirs.values_list("collective__suspended_at", flat=True)[:1]
        return next((Refusal.SUSPENDED if suspended_at else None for suspended_at in found), Refusal.NOT_YOURS)

    def require_role(self, person: User, roles: Collection[str]) -> None:
        """Raise Refused("not_yours") for everyone without one of these roles, and Refused("suspended").

        Every operation calls this, whatever its view has checked.
        """
        if refusal := self.why_not(person, roles):
            raise Refused(refusal)

    def require_not_suspended(self) -> None:
        """Raise Refused("suspended"), for what happens without a member.

        Race: always asks the database, because staff may have suspended it since it was read.
        """
        if Collective.objects.filter(pk=self.pk, suspended_at__isnull=False).exists():
            raise Refused(Refusal.SUSPENDED)

    def suspension_reason(self) -> str:
        """Return why it is suspended, for its members."""
        return self.suspensions.current().values_list("reason", flat=True).first() or ""

    def is_cleared(self) -> bool:
        """Return whether it may publish and write to strangers.

        Race: always asks the database, because staff may have cleared it since it was read.
        """
        if not settings.CLEAR_COLLECTIVES_FIRST:
            return True
        return Collective.objects.filter(pk=self.pk, cleared_at__isnull=False).exists()

    def require_cleared(self) -> None:
        """Raise Refused("not_cleared") if this site requires clearing and staff have not cleared the collective."""
        if not self.is_cleared():
            raise Refused(Refusal.NOT_CLEARED)

    def language_of_emails(self) -> str:
        """Return the language of its newest letter; without a letter, the site's first language."""
        newest = self.letters.order_by("-pk").values_list("language", flat=True).first()
        return str(newest or settings.LANGUAGE_CODE)

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
    # Owners may do everything. Editors write and publish. Moderators accept and reject signatures.
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
