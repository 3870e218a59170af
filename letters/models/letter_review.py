from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter
from letters.models.revision import Revision


class LetterReviewQuerySet(models.QuerySet["LetterReview"]):
    def open(self) -> LetterReviewQuerySet:
        return self.filter(outcome=LetterReview.Outcome.OPEN)

    def waiting(self) -> LetterReviewQuerySet:
        """Select what waits for a site moderator now: published texts, and those whose organizers want to publish them.

        A draft whose publication was cancelled does not wait, nor does anything of a suspended collective.
        """
        published = Q(is_before=False) & ~Q(letter__status__in=[Letter.Status.TAKEN_DOWN, Letter.Status.WITHDRAWN])
        draft = Q(letter__status=Letter.Status.DRAFT, letter__publish_at__isnull=False, letter__binned_at=None)
        later = Q(letter__status__in=[Letter.Status.PUBLISHED, Letter.Status.CLOSED])
        wanted = Q(is_before=True, revision__published_at=None) & (draft | later)
        return self.open().filter(published | wanted, letter__collective__suspended_at=None)


class LetterReview(models.Model):
    """A text that a site moderator looks at: a first publication, a change of substance, or a new translation.

    Rows are kept, so that the next text of a letter can be compared with the last one that someone looked at.
    """

    class Kind(models.TextChoices):
        FIRST = "first", "First publication"
        SUBSTANCE = "substance", "Change of substance"
        TRANSLATION = "translation", "New translation"

    class Outcome(models.TextChoices):
        OPEN = "", "Not decided"
        FINE = "fine", "Looks fine"
        SENT_BACK = "sent_back", "Sent back"
        TAKEN_DOWN = "taken_down", "Taken down"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="reviews", db_index=False)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    # Whether the text waits for the decision, and is not public before.
    is_before = models.BooleanField()
    # What the text says in all its languages, with its picture (letters/base/letter_reviews). Race: a decision counts
    # only for the text that the moderator has read.
    fingerprint = models.BinaryField(max_length=32)
    # The organizers' sentence about the change; empty for the first text.
    note = models.CharField(max_length=500, default="", db_default="", blank=True)
    # When it was published, or should have been; and by whom, None for the clock.
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, db_default="", blank=True)
    # The reason for sending it back. The organizers get it by email.
    reason = models.CharField(max_length=1000, default="", db_default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # When the organizers were told, if they had to be.
    told_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[LetterReview]] = models.Manager.from_queryset(LetterReviewQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["letter"], condition=Q(outcome=""), name="letter_review_open_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["first", "substance", "translation"]), name="letter_review_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at__isnull=True, decided_by__isnull=True)
                | Q(
                    outcome__in=["fine", "sent_back", "taken_down"],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
                name="letter_review_decided_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(outcome="sent_back", is_before=True) & ~Q(reason="")
                | ~Q(outcome="sent_back") & Q(reason=""),
                name="letter_review_sent_back_says_why",
            ),
        ]
        indexes = [
            models.Index("letter", F("id").desc(), name="letter_review_of_letter"),
            models.Index("asked_at", name="letter_review_waits", condition=Q(outcome="")),
            models.Index(
                "id",
                name="letter_review_to_tell",
                condition=Q(outcome__in=["fine", "sent_back"], is_before=True, told_at__isnull=True),
            ),
        ]

    def title(self) -> str:
        """Return the title of the text, in the letter's language."""
        titles = self.revision.translations.filter(language=self.letter.language).values_list("title", flat=True)
        return titles.first() or self.letter.slug

    def __str__(self) -> str:
        return f"Review {self.pk} of letter {self.letter_id}"
