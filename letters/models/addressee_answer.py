from __future__ import annotations

import hashlib
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter


class AddresseeAnswerQuerySet(models.QuerySet["AddresseeAnswer"]):
    def public(self) -> AddresseeAnswerQuerySet:
        """Select the answers on the letter's page, newest first."""
        return self.filter(published_at__isnull=False).order_by("-answered_on", "-pk")


class AddresseeAnswer(models.Model):
    """An answer of the addressee, published by the letter's organizers."""

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="answers")
    # The member who entered it. Never public: the answer is published by the collective.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # The person who answered, as the public reads it: "Anna Weber, Minister of Transport".
    respondent = models.CharField(max_length=200)
    answered_on = models.DateField()
    # BCP 47.
    language = models.CharField(max_length=12)
    # Markdown as typed, and the sanitised HTML that was rendered when it was saved.
    body = models.TextField(max_length=30_000)
    html = models.TextField()
    # The address of the answer itself, if it was published elsewhere.
    link = models.URLField(blank=True, max_length=500)
    created_at = models.DateTimeField()
    # The time of publication. None while only the collective sees the answer.
    published_at = models.DateTimeField(null=True, blank=True)
    # A public sentence about a change after publication, and its time.
    changed_because = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[AddresseeAnswer]] = models.Manager.from_queryset(AddresseeAnswerQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(respondent="") & ~Q(body=""), name="answer_is_not_empty"),
            models.CheckConstraint(
                condition=Q(changed_because="", changed_at__isnull=True)
                | (~Q(changed_because="") & Q(changed_at__isnull=False)),
                name="answer_changed_says_when",
            ),
        ]
        indexes = [
            models.Index(
                "letter",
                F("answered_on").desc(),
                name="answer_published",
                condition=Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Answer {self.pk}"

    @property
    def version(self) -> str:
        """Return a fingerprint of the text, which shows whether another member has changed it."""
        parts = [self.respondent, str(self.answered_on), self.language, self.link, self.body]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
