from __future__ import annotations

import hashlib
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.letter import Letter


class UpdateQuerySet(models.QuerySet["Update"]):
    def drafts(self) -> UpdateQuerySet:
        """Select drafts that are not in the bin."""
        return self.filter(state="draft", binned_at=None)

    def public(self) -> UpdateQuerySet:
        """Select the letter's public archive, newest first: updates that were sent or are being sent."""
        return self.filter(is_public=True, began_at__isnull=False).order_by("-pk")

    def under_way(self) -> UpdateQuerySet:
        """Select updates whose sending has begun and may not be complete, including paused and stopped ones."""
        return self.filter(began_at__isnull=False, ended_at__isnull=True).order_by("began_at")

    def pause(self) -> int:
        """Pause those that are being sent. Returns how many. Members can resume them."""
        return self.filter(state=Update.State.SENDING).update(state=Update.State.PAUSED)


class Update(models.Model):
    """A message from a collective to those signers of a letter who agreed to updates."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENDING = "sending", "Being sent"
        # Nothing is sent for now; the emails stay in the queue.
        PAUSED = "paused", "Paused"
        SENT = "sent", "Sent"
        # Stopped for good: people who have not received it never will.
        STOPPED = "stopped", "Stopped"

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="updates")
    # The person who wrote it. Never public: the update comes from the collective.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # The language of the original (BCP 47). Signers in another language get a translation, if there is one.
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
    # When a member put the draft into the bin, where it stays for 30 days (updates/operations/binning.py).
    binned_at = models.DateTimeField(null=True, blank=True)
    # When sending began, when all emails had been created, and when the last one was done.
    began_at = models.DateTimeField(null=True, blank=True)
    spread_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    # The highest signature number when sending began. The update goes to signatures up to this one.
    up_to = models.PositiveIntegerField(default=0)
    # The number of the last signature that was considered. Written in the transaction that creates the emails.
    cursor = models.PositiveIntegerField(default=0)
    # The number of recipients; complete once all emails have been created.
    recipients_total = models.PositiveIntegerField(default=0)
    # The newest count of its emails by state. Only a worker counts them, never a page.
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
            models.CheckConstraint(
                condition=Q(binned_at__isnull=True) | Q(state="draft"), name="update_in_bin_is_a_draft"
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
    def whole_version(self) -> str:
        """Return a fingerprint of the text and all its translations, which shows whether any of them has changed."""
        found = sorted(self.translations.all(), key=lambda each: each.language)
        parts = [self.version, *(part for each in found for part in (each.language, each.title, each.body))]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16] if found else self.version

    def text_in(self, language: str) -> Update | UpdateTranslation:
        """Return the text for a reader of this language: the original, if there is no translation."""
        if language == self.language or self.pk is None:
            return self
        return next((each for each in self.translations.all() if each.language == language), self)

    def languages(self) -> list[str]:
        """Return the languages of its texts, the original first."""
        return [self.language, *sorted({each.language for each in self.translations.all()} - {self.language})]

    @property
    def lapsed_count(self) -> int:
        """Return how many recipients do not want it any more, or cannot get it."""
        return max(0, self.recipients_total - self.owed_count - self.sent_count - self.failed_count)

    def url(self, language: str = "") -> str:
        """Return the URL of its public page, with a prefix for a language other than the letter's."""
        return self.letter.url_of("update", language, update_id=self.pk)


class UpdateTranslation(models.Model):
    """An update in another language. It changes only before sending begins, like the original."""

    update = models.ForeignKey(Update, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=150)
    body = models.TextField(max_length=30_000)
    html = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["update", "language"], name="update_translation_once_a_language"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="update_translation_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"Update {self.update_id} in {self.language}"

    @property
    def version(self) -> str:
        """Return a fingerprint of the text, which shows whether another member has changed it."""
        return hashlib.sha256(f"{self.title}\0{self.body}".encode()).hexdigest()[:16]


class UpdateCorrection(models.Model):
    """A public correction of an update that was sent. The text of the update stays, and so does the correction."""

    update = models.ForeignKey(Update, on_delete=models.CASCADE, related_name="corrections")
    # Never public: the correction comes from the collective.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=12)
    # Plain text.
    text = models.CharField(max_length=1000)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="update_correction_is_not_empty")]

    def __str__(self) -> str:
        return f"Correction {self.pk} of update {self.update_id}"
