"""What organizers say they have on paper: how many signatures, who counted them, and when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.letter import Letter


class PaperCountQuerySet(models.QuerySet["PaperCount"]):
    def current(self) -> PaperCountQuerySet:
        """Select what was neither corrected nor withdrawn, the newest day first."""
        return self.filter(ended_at__isnull=True).order_by("-counted_on", "-pk")

    def shown(self) -> PaperCountQuerySet:
        """Select what readers see."""
        return self.current().filter(hidden_at__isnull=True)


class PaperCount(models.Model):
    """One number of signatures on paper. It is never part of any other count.

    No row changes its words: a correction is a new row, and the old one ends. Privacy: nothing is stored about the
    people on the sheets.
    """

    LEAST, MOST = 1, 10_000_000

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="paper_counts", db_index=False)
    number = models.PositiveIntegerField()
    counted_on = models.DateField()
    # The person or body, as readers see it: "the works council".
    counted_by = models.CharField(max_length=200)
    # Where the sheets are kept. Only organizers and moderators of the site read it.
    kept_at = models.CharField(max_length=500, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    entered_at = models.DateTimeField()
    # The row that this one corrects.
    corrects = models.OneToOneField(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="corrected_by"
    )
    # When it was corrected or withdrawn.
    ended_at = models.DateTimeField(null=True, blank=True)
    # When a moderator of the site hid it, and why.
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_because = models.CharField(max_length=500, default="", db_default="", blank=True)

    objects: ClassVar[models.Manager[PaperCount]] = models.Manager.from_queryset(PaperCountQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=10_000_000), name="paper_count_in_bounds"),
            models.CheckConstraint(condition=~Q(counted_by=""), name="paper_count_says_who"),
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True, hidden_because="")
                | (Q(hidden_at__isnull=False) & ~Q(hidden_because="")),
                name="paper_count_hidden_says_why",
            ),
        ]
        indexes = [models.Index("letter", "id", name="paper_count_of_letter")]

    def __str__(self) -> str:
        return f"{self.letter_id} on {self.counted_on}"


def paper_counts_of(letter: Letter) -> list[PaperCount]:
    """Return what readers see, the newest day first. Performance: one query, and none for a letter that has none.

    Privacy: a letter that names nobody yet shows no exact number of anything.
    """
    if not letter.paper_count or letter.is_sealed:
        return []
    return list(PaperCount.objects.shown().filter(letter=letter))
