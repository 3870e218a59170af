from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter
from letters.models.lifecycle import State
from letters.models.rejection_reason import RejectionReason
from letters.models.signature import Signature


class ReviewClaim(models.Model):
    """The right of one moderator to decide about a signature of the review queue, so that nobody else gets it.

    Without a claim, or after its end, anyone may get the signature.
    """

    signature = models.OneToOneField(Signature, on_delete=models.CASCADE, related_name="claim", primary_key=True)
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()
    # A moderator has put the signature on hold. Nobody gets it until then.
    is_on_hold = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [models.Index("until", name="review_claim_ends")]

    def __str__(self) -> str:
        return f"Claim of signature {self.signature_id}"


class ReviewDecision(models.Model):
    """One decision about one signature, with what is needed to undo it.

    An audit record, which never changes, has it for the owners of the collective, too. Privacy: a decision holds no
    word of the signer, and is deleted with the signature's row.
    """

    class Verb(models.TextChoices):
        ACCEPT = "accept", "Accepted"
        REJECT = "reject", "Rejected"
        DECLINE = "decline", "Kept the current words"
        HOLD = "hold", "Put on hold"
        ASK = "ask", "Asked the signer for more"
        # Of a signature without a number. One with a number is published again, which is an acceptance.
        RESTORE = "restore", "Put back into the review queue"

    class Reason(models.TextChoices):
        """The codes that the site begins with. Staff add others (RejectionReason)."""

        NONE = "", "None"
        NOT_A_PERSON = "not_a_person", "Not a person"
        SOMEONE_ELSE = "someone_else", "Another person's name"
        ABUSE = "abuse", "Insult or advertisement"
        TWICE = "twice", "Signed more than once"
        OTHER = "other", "Another reason"

    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="+", db_index=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    verb = models.CharField(max_length=10, choices=Verb)
    reason = models.CharField(max_length=20, default=Reason.NONE, db_default="", blank=True)
    # The reason with its words at that time. None for "another reason", and for decisions before there was a list.
    # Performance: it has neither constraint nor index, because reasons are never deleted.
    because = models.ForeignKey(
        RejectionReason,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    # For other moderators.
    note = models.CharField(max_length=500, default="", db_default="", blank=True)
    # The state of the signature before, so that the decision can be undone.
    state_before = models.CharField(max_length=10, choices=State)
    concern_before = models.CharField(max_length=10, choices=Signature.Concern, default="", db_default="", blank=True)
    # Whether the signer has changed the words since. Privacy: it has no time, and no page shows it.
    words_changed = models.BooleanField(default=False, db_default=False, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The bulk decision that it is part of, if any.
    bulk = models.ForeignKey(
        "letters.BulkDecision", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verb__in=["accept", "reject", "decline", "hold", "ask", "restore"]),
                name="review_decision_known",
            ),
            models.CheckConstraint(
                condition=Q(verb__in=["reject", "decline"], reason__gt="")
                | Q(verb__in=["accept", "hold", "ask", "restore"], reason=""),
                name="review_decision_rejects_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="review_decision_undone_says_by_whom",
            ),
        ]
        indexes = [
            models.Index("signature", F("id").desc(), name="review_decision_of_signature"),
            models.Index("letter", "decided_at", name="review_decision_of_letter"),
            # The decisions that a worker still has to undo.
            models.Index(
                "bulk", "id", name="review_decision_of_bulk", condition=Q(bulk__isnull=False, undone_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} signature {self.signature_id}"
