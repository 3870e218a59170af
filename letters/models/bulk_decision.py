from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.letter import Letter
from letters.models.review import ReviewDecision
from letters.models.signature import Signature


class BulkDecision(models.Model):
    """One decision about many signatures of a letter, which a worker carries out in batches.

    The signatures are chosen when someone asks for the decision, so the second person approves exactly what the first
    one saw. Each signature also gets a decision of its own, by which the whole is undone.
    """

    class State(models.TextChoices):
        ASKED = "asked", "Waits for a second person"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    # The states in which a worker or a person still has something to do.
    OPEN = ("asked", "running", "paused", "undoing")
    # The states in which a worker has something to do.
    AT_WORK = ("running", "undoing")

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="bulk_decisions", db_index=False)
    verb = models.CharField(max_length=10, choices=ReviewDecision.Verb)
    reason = models.CharField(
        max_length=20, choices=ReviewDecision.Reason, default=ReviewDecision.Reason.NONE, db_default="", blank=True
    )
    # For other moderators.
    note = models.CharField(max_length=500, default="", db_default="", blank=True)
    # The criteria, as the page's form sends them. Privacy: they may name a person, so they are deleted after a month.
    criteria = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State)
    # How many signatures were chosen; decided about; and left alone because they had changed.
    chosen = models.PositiveIntegerField()
    decided = models.PositiveIntegerField(default=0, db_default=0)
    passed_over = models.PositiveIntegerField(default=0, db_default=0)
    # The number of decisions that were undone. The other signatures had been decided about again.
    undone = models.PositiveIntegerField(default=0, db_default=0)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # The second person; none if the number is small.
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # When a worker finished, or someone cancelled it.
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verb="reject", reason__gt="") | Q(verb="accept", reason=""),
                name="bulk_decision_rejects_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "running", "paused", "done", "cancelled", "undoing", "undone"]),
                name="bulk_decision_state_known",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=models.F("asked_by")),
                name="bulk_decision_second_person",
            ),
            # If two ran at once, the second would decide about signatures that the first has chosen.
            models.UniqueConstraint(
                fields=["letter"],
                condition=Q(state__in=["asked", "running", "paused", "undoing"]),
                name="bulk_decision_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index("letter", models.F("id").desc(), name="bulk_decision_of_letter"),
            # The decisions for which a worker or a second person has something to do: few rows.
            models.Index(
                "state", "id", name="bulk_decision_open", condition=Q(state__in=["asked", "running", "undoing"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.chosen} signatures of letter {self.letter_id}"

    @property
    def done_with(self) -> int:
        """Return how many signatures a worker has handled, for the progress bar."""
        if self.undone_by_id:
            return self.chosen - self.undone
        return self.decided + self.passed_over


class BulkTarget(models.Model):
    """A signature that was chosen for a bulk decision, until a worker has handled it."""

    bulk = models.ForeignKey(BulkDecision, on_delete=models.CASCADE, related_name="targets", db_index=False)
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signature", "bulk"], name="bulk_target_once")]
        indexes = [models.Index("bulk", "id", name="bulk_target_of_decision")]

    def __str__(self) -> str:
        return f"Signature {self.signature_id} of {self.bulk_id}"
