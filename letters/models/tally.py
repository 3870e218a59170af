from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter


class LetterHour(models.Model):
    """What the sequencer did to a letter within one hour: so that a million signatures are drawn without counting."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="hours", db_index=False)
    # The hour's beginning.
    hour = models.DateTimeField()
    # Numbers given.
    published = models.PositiveIntegerField(default=0)
    # Taken out of the count, less those put back into it: so it may be below zero.
    taken_out = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["letter", "hour"], name="letter_hour_once")]

    def __str__(self) -> str:
        return f"{self.letter_id} at {self.hour:%Y-%m-%d %H}"


class LetterTally(models.Model):
    """How many of a letter's signatures had something in common when they were numbered. Nobody is taken out again.

    For a host that led readers here this is all that is kept: the signature's own note of it is cleared meanwhile.
    """

    class Kind(models.TextChoices):
        LANGUAGE = "language", "The language that they signed in"
        COUNTRY = "country", "The country that they selected"
        VIA = "via", "The website that brought them to the letter"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    # A language's or a country's code, or a host; empty where it is not known.
    value = models.CharField(max_length=100, blank=True)
    number = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "letter tallies"
        constraints = [
            models.UniqueConstraint(fields=["letter", "kind", "value"], name="letter_tally_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["language", "country", "via"]), name="letter_tally_kind_known"
            ),
        ]
        indexes = [
            # Anybody may write any host into the form: the greatest are read, however many there are.
            models.Index("letter", "kind", F("number").desc(), name="letter_tally_greatest"),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id}, {self.kind} {self.value}: {self.number}"
