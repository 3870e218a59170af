from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.signature import Signature


class Featuring(models.Model):
    """The question whether a signer may be featured on the letter's page, and the answer.

    The letter holds the numbers of those who are featured now (`Letter.featured`). Privacy: organizers get an answer
    with the day's first batch (`reaches_at`), because its moment is the moment in which its signer was at a browser.
    """

    class Answer(models.TextChoices):
        NONE = "", "Not answered"
        YES = "yes", "Agreed"
        NO = "no", "Declined"

    signature = models.OneToOneField(Signature, on_delete=models.CASCADE, related_name="featuring")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=3, choices=Answer, default=Answer.NONE, db_default="", blank=True)
    # When organizers may read the answer, and when they could.
    reaches_at = models.DateTimeField(null=True, blank=True)
    passed_on_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Featuring]] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=["", "yes", "no"]), name="featuring_answer_known"),
            models.CheckConstraint(
                condition=Q(answer="", reaches_at__isnull=True, passed_on_at__isnull=True)
                | ~Q(answer="") & Q(reaches_at__isnull=False),
                name="featuring_answered_says_when",
            ),
        ]
        indexes = [
            # The clock still has to pass these on.
            models.Index(
                "reaches_at",
                name="featuring_to_pass_on",
                condition=Q(reaches_at__isnull=False, passed_on_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Featuring of signature {self.signature_id}"

    @property
    def known_answer(self) -> str:
        """Return the answer if organizers may know it already; otherwise "", as if nobody had answered."""
        return self.answer if self.passed_on_at else self.Answer.NONE
