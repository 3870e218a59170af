from __future__ import annotations

import hashlib
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.letter import Letter


class UpdateQuerySet(models.QuerySet["Update"]):
    def public(self) -> UpdateQuerySet:
        """Select the letter's public archive, newest first: updates that were sent or are being sent."""
        return self.filter(is_public=True, began_at__isnull=False).order_by("-pk")

    def under_way(self) -> UpdateQuerySet:
        """Select updates that have begun and may still owe emails, including those that are paused or stopped."""
        return self.filter(began_at__isnull=False, ended_at__isnull=True).order_by("began_at")


class Update(models.Model):
    """A message from a collective to those signers of a letter who agreed to updates."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENDING = "sending", "Being sent"
        # Nothing is sent, and the emails stay owed.
        PAUSED = "paused", "Paused"
        SENT = "sent", "Sent"
        # Stopped for good: people who have not had it do not get it.
        STOPPED = "stopped", "Stopped"

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="updates")
    # The person who wrote it. Never public: the collective signs.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # BCP 47. There is one text for all signers, whatever language they signed in.
    language = models.CharField(max_length=12)
    # One line, shown at the top of the email.
    title = models.CharField(max_length=150)
    # Markdown as typed, and the sanitised HTML that was rendered when it was saved. Neither changes once sending has
    # begun (letters/organizer/updates/operations/writing.py).
    body = models.TextField(max_length=30_000)
    html = models.TextField()
    # Also shown in the letter's public archive and feed.
    is_public = models.BooleanField(default=True)

    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField()
    # When sending began, when all emails had been created, and when none was owed any more.
    began_at = models.DateTimeField(null=True, blank=True)
    spread_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    # The highest signature number when sending began. The update goes to signatures up to this one.
    up_to = models.PositiveIntegerField(default=0)
    # The number of the last signature that was considered. Written in the transaction that creates the emails.
    cursor = models.PositiveIntegerField(default=0)
    # The number of recipients; complete once all emails have been created.
    recipients_total = models.PositiveIntegerField(default=0)
    # The last count of its emails by state. A worker counts, never a page.
    owed_count = models.PositiveIntegerField(default=0)
    sent_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    tallied_at = models.DateTimeField(null=True, blank=True)
    # People who unsubscribed after this update.
    unsubscribed_count = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Update]] = models.Manager.from_queryset(UpdateQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "sending", "paused", "sent", "stopped"]), name="update_state_known"
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="update_is_not_empty"),
            models.CheckConstraint(
                condition=Q(state="draft", began_at__isnull=True) | (~Q(state="draft") & Q(began_at__isnull=False)),
                name="update_begun_says_when",
            ),
        ]
        indexes = [
            models.Index(
                "began_at",
                name="update_under_way",
                condition=Q(began_at__isnull=False, ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Update {self.pk}"

    @property
    def version(self) -> str:
        """Return a fingerprint of the text, which shows whether another member has changed it."""
        parts = [self.title, self.language, str(self.is_public), self.body]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def lapsed_count(self) -> int:
        """Return how many recipients do not want it any more, or cannot get it."""
        return max(0, self.recipients_total - self.owed_count - self.sent_count - self.failed_count)

    def url(self, language: str = "") -> str:
        """Return its public page, with a prefix for another language than the letter's."""
        return self.letter.url_of("update", language, update_id=self.pk)
