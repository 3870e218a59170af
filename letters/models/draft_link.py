from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from letters.models.collective import WRITING, Membership
from letters.models.letter import Letter
from letters.shared.tokens import make_draft_token


class DraftLinkQuerySet(models.QuerySet["DraftLink"]):
    def active(self, now: datetime) -> DraftLinkQuerySet:
        """Select links that open the letter now.

        Security: the person who made the link must still be able to write the letter. Otherwise a removed member could
        still read it.
        """
        writers = Membership.objects.filter(
            collective=OuterRef("letter__collective"),
            user=OuterRef("created_by"),
            role__in=WRITING,
            user__is_active=True,
        )
        return self.filter(Exists(writers), letter__binned_at=None, revoked_at=None, expires_at__gt=now)


class DraftLink(models.Model):
    """A link that shows a draft to someone outside the collective, read-only and for some days."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="draft_links")
    # The collective's label for the reader. The draft page does not show it.
    label = models.CharField(max_length=100)
    # Part of the token. The token itself is stored nowhere.
    salt = models.BinaryField(max_length=8)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Privacy: the day only.
    last_opened_on = models.DateField(null=True, blank=True)

    objects: ClassVar[models.Manager[DraftLink]] = models.Manager.from_queryset(DraftLinkQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(label=""), name="draft_link_says_for_whom"),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="draft_link_expires"),
        ]

    def __str__(self) -> str:
        return f"Draft link {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("draft", kwargs={"token": make_draft_token(link_id=self.pk, salt=self.salt)})
