from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from letters.models.review import ReviewDecision
from letters.models.signature import Signature

# A signer has so long to answer. Then the signature comes back to the queue.
ANSWER_WITHIN = timedelta(days=14)


class SignerQuestionQuerySet(models.QuerySet["SignerQuestion"]):
    def told(self, now: datetime | Now) -> SignerQuestionQuerySet:
        """Select those whose answer moderators may read, and those that nobody answered in time."""
        return self.filter(Q(queued_at__isnull=False) | Q(answered_at__isnull=True, until__lte=now))


class SignerQuestion(models.Model):
    """A question of a moderator to a signer, and its answer.

    The answer is a link to a public profile that names the letter, or an address at the organisation that the signer
    names. Of a proven address only the domain is stored.

    Privacy: the answer goes with the signature, and as soon as its signer withdraws it. Moderators get it with the
    day's first batch (`reaches_at`), because its moment is the moment in which its signer was at a browser.
    """

    # The decision that set the signature aside.
    decision = models.OneToOneField(ReviewDecision, on_delete=models.CASCADE, related_name="question")
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="questions", db_index=False)
    asked_at = models.DateTimeField()
    until = models.DateTimeField()
    # Security: shown to moderators as a link, and never fetched.
    link = models.CharField(max_length=500, default="", db_default="", blank=True)
    # The domain of the address that the signer has proved, in ASCII (IDNA).
    domain = models.CharField(max_length=253, default="", db_default="", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    # When moderators may read the answer, and when the signature came back to the queue with it.
    reaches_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[SignerQuestion]] = models.Manager.from_queryset(SignerQuestionQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    link="", domain="", answered_at__isnull=True, reaches_at__isnull=True, queued_at__isnull=True
                )
                | Q(link__startswith="https://", domain="", answered_at__isnull=False, reaches_at__isnull=False)
                | Q(link="", domain__gt="", answered_at__isnull=False, reaches_at__isnull=False),
                name="signer_question_answered_says_when",
            ),
        ]
        indexes = [
            models.Index("signature", F("id").desc(), name="signer_question_of_signature"),
            # The clock brings these back to the queue.
            models.Index(
                "reaches_at",
                name="signer_question_to_queue",
                condition=Q(reaches_at__isnull=False, queued_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Question {self.pk} about signature {self.signature_id}"

    def may_answer(self, now: datetime) -> bool:
        """Tell whether the signer can still answer. They can do so once."""
        return self.answered_at is None and now < self.until
