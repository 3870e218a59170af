from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.rejection_reason import RejectionReason
from letters.models.signature import Signature


class CommentHiding(models.Model):
    """The decision of a moderator that a signature's comment is not public. The signature itself stays.

    Privacy: it holds no word of the signer, and goes when the signature's row goes.
    """

    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="comment_hidings", db_index=False)
    # The code of a reason from the site's list, or "other", and its words at that time.
    reason = models.CharField(max_length=20)
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
    hidden_at = models.DateTimeField()
    hidden_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # When a moderator undid it.
    shown_at = models.DateTimeField(null=True, blank=True)
    shown_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["signature"], condition=Q(shown_at__isnull=True), name="comment_hiding_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="comment_hiding_has_a_reason"),
            models.CheckConstraint(
                condition=Q(shown_at__isnull=True, shown_by__isnull=True)
                | Q(shown_at__isnull=False, shown_by__isnull=False),
                name="comment_hiding_shown_says_by_whom",
            ),
        ]
        indexes = [models.Index("signature", F("id").desc(), name="comment_hiding_of_signature")]

    def __str__(self) -> str:
        return f"Hidden comment of signature {self.signature_id}"
