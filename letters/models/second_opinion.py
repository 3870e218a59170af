from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.letter import Letter
from letters.models.review import ReviewDecision
from letters.models.signature import Signature


class SecondOpinion(models.Model):
    """A decision that was drawn by lot, for another moderator who does not know it. It changes nothing by itself.

    Privacy: it holds no word of the signer, and goes when the signature's row goes, or after a year.
    """

    class Answer(models.TextChoices):
        NONE = "", "None"
        ACCEPT = "accept", "Would accept"
        REJECT = "reject", "Would reject"

    class Verdict(models.TextChoices):
        NONE = "", "None"
        RIGHT = "right", "The decision was right"
        WRONG = "wrong", "The decision was wrong"

    decision = models.OneToOneField(ReviewDecision, on_delete=models.CASCADE, related_name="second_opinion")
    # Performance: these have no indexes. At most twenty rows are added each day, and they are deleted after a year.
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="+")
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    # The words when it was drawn. If they change before someone answers, it is dropped.
    fingerprint = models.CharField(max_length=16)
    drawn_at = models.DateTimeField()

    # The moderator who has it, and until when. Nobody else gets it until then.
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True, blank=True)

    answer = models.CharField(max_length=10, choices=Answer, default=Answer.NONE, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    # Whether the answer differs from the decision.
    disagrees = models.BooleanField(default=False)

    # The decision of a site moderator about a disagreement.
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.NONE, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=["", "accept", "reject"]), name="second_opinion_known"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, disagrees=False)
                | Q(answer__gt="", answered_at__isnull=False),
                name="second_opinion_says_when",
            ),
            models.CheckConstraint(
                condition=Q(verdict="", settled_at__isnull=True)
                | Q(verdict__in=["right", "wrong"], settled_at__isnull=False, disagrees=True),
                name="second_opinion_settles_a_disagreement",
            ),
        ]

    def __str__(self) -> str:
        return f"Second opinion about decision {self.decision_id}"


# A disagreement counts as an error until a site moderator has said that the decision was right.
WRONG = Q(disagrees=True) & ~Q(verdict=SecondOpinion.Verdict.RIGHT)


class ErrorRate(models.Model):
    """The error rate of the whole site, as it is public: one row, which a daily task writes."""

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    checked = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="error_rate_once"),
            models.CheckConstraint(condition=Q(wrong__lte=models.F("checked")), name="error_rate_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.wrong} of {self.checked}"
