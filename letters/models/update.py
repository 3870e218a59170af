from __future__ import annotations

import hashlib
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.letter import Letter


class UpdateQuerySet(models.QuerySet["Update"]):
    def public(self) -> UpdateQuerySet:
        """What stands in the letter's archive, the newest first: sent or being sent, and meant for everybody."""
        return self.filter(is_public=True, began_at__isnull=False).order_by("-pk")

    def under_way(self) -> UpdateQuerySet:
        """Begun, and mail of theirs may still be owed; also those that were paused or stopped."""
        return self.filter(began_at__isnull=False, ended_at__isnull=True).order_by("began_at")


class Update(models.Model):
    """What a collective writes to those signers of a letter who agreed to hear of it again."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENDING = "sending", "Being sent"
        # Nothing of it leaves, and what is owed stays owed.
        PAUSED = "paused", "Paused"
        SENT = "sent", "Sent"
        # For good: whoever has not had it does not get it.
        STOPPED = "stopped", "Stopped"

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="updates")
    # Who wrote it. Never public: the collective signs.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # BCP 47. One text for all, whatever language they signed in.
    language = models.CharField(max_length=12)
    # One line; the subject of the mail.
    title = models.CharField(max_length=150)
    # Markdown, as typed, and the HTML made from it when it was saved, sanitised then. From the first mail on neither
    # changes (letters/organizer/updates/operations/spreading.py).
    body = models.TextField(max_length=30_000)
    html = models.TextField()
    # It stands in the letter's public archive and feed, too.
    is_public = models.BooleanField(default=True)

    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField()
    # When sending began; when everybody was owed their mail; and when nothing was owed any more.
    began_at = models.DateTimeField(null=True, blank=True)
    spread_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    # It goes to the signatures that had a number when sending began: up to this one.
    up_to = models.PositiveIntegerField(default=0)
    # The number of the last signature that was looked at. It moves on in the transaction that owes the mails.
    cursor = models.PositiveIntegerField(default=0)
    # To how many it goes; whole once it has been spread.
    recipients_total = models.PositiveIntegerField(default=0)
    # How its mails stood when they were last counted; counted by a worker, never by a page.
    owed_count = models.PositiveIntegerField(default=0)
    sent_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    tallied_at = models.DateTimeField(null=True, blank=True)
    # So many wanted no more after this one.
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
        """Another one whenever a word has changed: what a writer has seen is compared with it."""
        parts = [self.title, self.language, str(self.is_public), self.body]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def lapsed_count(self) -> int:
        """Counted recipients who no longer want it, or can no longer get it."""
        return max(0, self.recipients_total - self.owed_count - self.sent_count - self.failed_count)

    def url(self, language: str = "") -> str:
        """Its public page, with a prefix in another language than the letter's."""
        return self.letter.url_of("update", language, update_id=self.pk)
