from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from letters.models.review import ReviewDecision
from letters.models.signature import Signature
from letters.models.takedown import APPEAL_WITHIN
from letters.models.user import User


class RejectionAppealQuerySet(models.QuerySet["RejectionAppeal"]):
    def waiting(self) -> RejectionAppealQuerySet:
        """Select appeals that moderators can read and that nobody has decided."""
        return self.filter(queued_at__isnull=False, outcome="")

    def barred_to(self, person: User) -> RejectionAppealQuerySet:
        """Select appeals on which this person may not decide, because they have rejected the signature.

        Whoever rejected it before the appeal came into the queue is barred, even if that was undone. A rejection after
        that is the decision on the appeal.
        """
        rejections = ReviewDecision.objects.filter(
            Q(decided_by=person) | Q(bulk__approved_by=person),
            signature=OuterRef("signature"),
            verb=ReviewDecision.Verb.REJECT,
            decided_at__lt=OuterRef("queued_at"),
        )
        return self.filter(Q(rejected_by=person) | Q(approved_by=person) | Exists(rejections))


class RejectionAppeal(models.Model):
    """A signer's appeal against a rejection, and the decision of another moderator.

    Privacy: the words go with the signature, and as soon as its signer withdraws it. Moderators get them with the day's
    first batch (`reaches_at`), because the moment of an appeal is the moment in which its signer was at a browser.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "Not decided"
        UPHELD = "upheld", "The signature stays rejected"
        REVERSED = "reversed", "The signature was restored"

    # A decision has at most one appeal.
    decision = models.OneToOneField(ReviewDecision, on_delete=models.CASCADE, related_name="appeal")
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="appeals", db_index=False)
    # The person who rejected it, and the one who approved the bulk decision, if any. Neither decides on the appeal, and
    # nor does anyone who rejected the signature earlier (barred_to).
    rejected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    words = models.CharField(max_length=2000)
    appealed_at = models.DateTimeField()
    # When moderators may read it, and when it came into their queue.
    reaches_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, db_default="", blank=True)
    # The decision on the appeal, and who took it.
    settlement = models.OneToOneField(
        ReviewDecision, on_delete=models.CASCADE, null=True, blank=True, related_name="settled_appeal"
    )
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects: ClassVar[models.Manager[RejectionAppeal]] = models.Manager.from_queryset(RejectionAppealQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="rejection_appeal_says_why"),
            models.CheckConstraint(
                condition=Q(outcome="", settlement__isnull=True, settled_by__isnull=True)
                | Q(
                    outcome__in=["upheld", "reversed"],
                    settlement__isnull=False,
                    settled_by__isnull=False,
                    queued_at__isnull=False,
                ),
                name="rejection_appeal_settled_says_by_whom",
            ),
            # Nobody decides on an appeal against their own decision.
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True)
                | ~Q(settled_by=F("rejected_by")) & (Q(approved_by__isnull=True) | ~Q(settled_by=F("approved_by"))),
                name="rejection_appeal_settled_by_another",
            ),
        ]
        indexes = [
            models.Index("signature", F("id").desc(), name="rejection_appeal_of_signature"),
            # Appeals that the clock still has to put into the queue.
            models.Index("reaches_at", name="rejection_appeal_to_queue", condition=Q(queued_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"Appeal {self.pk} about signature {self.signature_id}"

    @property
    def waits(self) -> bool:
        """Return whether it is in the review queue."""
        return self.queued_at is not None and not self.outcome

    def is_barred_to(self, person: User) -> bool:
        return RejectionAppeal.objects.barred_to(person).filter(pk=self.pk).exists()


def can_be_appealed_until(decision: ReviewDecision) -> datetime:
    """Return the end of the time for an appeal, which is as long as that against a take-down."""
    return decision.decided_at + APPEAL_WITHIN


def not_barred_to(person: User) -> Q:
    """Select signatures except those whose appeal this person may not decide."""
    barred = RejectionAppeal.objects.waiting().barred_to(person).filter(signature=OuterRef("pk"))
    return ~Q(Exists(barred))


# The same in SQL, about the row `signature`. It needs the value `moderator`.
NOT_BARRED = """NOT EXISTS (
    SELECT FROM letters_rejectionappeal AS appeal
    WHERE appeal.signature_id = signature.id AND appeal.queued_at IS NOT NULL AND appeal.outcome = ''
        AND (
            %(moderator)s IN (appeal.rejected_by_id, appeal.approved_by_id)
            OR EXISTS (
                SELECT FROM letters_reviewdecision AS rejection
                LEFT JOIN letters_bulkdecision AS bulk ON bulk.id = rejection.bulk_id
                WHERE rejection.signature_id = signature.id AND rejection.verb = 'reject'
                    AND rejection.decided_at < appeal.queued_at
                    AND %(moderator)s IN (rejection.decided_by_id, bulk.approved_by_id)
            )
        )
)"""
# An appeal is decided alone. SQL about the row `signature`.
NOT_APPEALED = """NOT EXISTS (
    SELECT FROM letters_rejectionappeal AS appeal
    WHERE appeal.signature_id = signature.id AND appeal.queued_at IS NOT NULL AND appeal.outcome = ''
)"""
