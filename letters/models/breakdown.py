"""How many public signatures of a letter come from each country and each email domain: rounded, and renewed seldom.

Privacy: a person who withholds the name is in none of these numbers. So whoever subtracts everyone with a public name
from a number learns nothing about anyone else. What a number could still tell is the country of a person who is named.
So it is about ten people at least, moves by tens, and moves only when ten have come or gone.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.db.models import Q

from letters.models.letter import Letter
from letters.shared.numbers import STEP, in_tens

# No number is about fewer people than this, and none moves for fewer.
LEAST = STEP
# More groups than this are in "others".
MAX_GROUPS = 300


class Breakdown(models.Model):
    """What a letter shows for one kind of group. A daily task renews it; no page counts."""

    class Kind(models.TextChoices):
        COUNTRY = "country", "The country that they selected"
        DOMAIN = "domain", "The email domain that they show"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="breakdowns", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind)
    # Pairs of group and number, the greatest first. The group "" stands for all others.
    shown = models.JSONField(default=list)
    # When it was last renewed: the highest sequence number, and how many signatures were in it. Privacy: never shown.
    last_number = models.PositiveIntegerField(default=0)
    counted = models.PositiveIntegerField(default=0)
    renewed_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["letter", "kind"], name="breakdown_once"),
            models.CheckConstraint(condition=Q(kind__in=["country", "domain"]), name="breakdown_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} by {self.kind}"

    def is_due(self, *, new: int, counted: int) -> bool:
        """Return whether enough people have come, or gone, since it was last renewed."""
        return new >= LEAST or self.counted - counted >= LEAST


def renewed_groups(shown: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
    """Return the new numbers, from those that are shown and the exact ones. A group that is not found has nobody.

    A number rises by tens. It falls only once at least ten people fewer are there than it says, so nobody sees in it
    that one person has left, and no group comes and goes with one person.
    """
    renewed = {}
    for group in {*shown, *found}:
        before, now = shown.get(group, 0), found.get(group, 0)
        number = in_tens(now) if now > before or before - now >= LEAST else before
        if number:
            renewed[group] = number
    return renewed
