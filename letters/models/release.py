"""What happens to the names of a letter that names nobody until enough people have signed."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q

from letters.models.letter import Letter

# The fewest and the most names from which names appear. Privacy: among fewer, an employer could press each.
FEWEST_NAMES, MOST_NAMES = 20, 10_000
# Hours between the announcement and the names.
NOTICE_HOURS = (24, 168)
USUAL_NOTICE_HOURS = 72
# The number on the page goes up in such steps, and it is counted once a day.
STEP = 10
COUNTED_EVERY = timedelta(days=1)


class Release(models.Model):
    """The way of a sealed letter to its names, or to its deletion. A clock task takes every step.

    Privacy: no exact number is stored, only the step that the page shows.
    """

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, related_name="release", primary_key=True)
    notice_hours = models.PositiveSmallIntegerField(default=USUAL_NOTICE_HOURS)
    # More people than this have signed; 0 below the first step.
    shown = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField(null=True, blank=True)
    # When the names appear, once that is announced; and how often it was announced.
    due_at = models.DateTimeField(null=True, blank=True)
    announced = models.PositiveSmallIntegerField(default=0)
    # When it was too late, and when everything was deleted.
    missed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(notice_hours__gte=NOTICE_HOURS[0], notice_hours__lte=NOTICE_HOURS[1]),
                name="release_notice_known",
            ),
            models.CheckConstraint(
                condition=Q(missed_at__isnull=True) | Q(due_at__isnull=True), name="release_or_deletion"
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(missed_at__isnull=False), name="release_deleted_was_missed"
            ),
        ]

    def __str__(self) -> str:
        return f"Release of letter {self.letter_id}"
