from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter


class LetterHour(models.Model):
    """The changes of a letter's count within a quarter of an hour.

    Performance: with these, a chart of a million signatures counts no rows. Privacy: in some time zones a day begins
    within an hour of UTC. With whole hours, a chart and a list would show different days for some signatures, and so
    reveal the half hour in which they came.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="hours", db_index=False)
    # The beginning of the quarter of an hour (in older rows, of the hour).
    hour = models.DateTimeField()
    # Sequence numbers given.
    published = models.PositiveIntegerField(default=0)
    # Signatures taken out of the count, minus those put back; may be negative.
    taken_out = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["letter", "hour"], name="letter_hour_once")]

    def __str__(self) -> str:
        return f"{self.letter_id} at {self.hour:%Y-%m-%d %H}"


class LetterTally(models.Model):
    """The number of a letter's signatures that had one value when they were numbered. It never decreases.

    Privacy: this is all that is kept of the host that led readers here. The signature's own note is deleted.
    """

    class Kind(models.TextChoices):
        LANGUAGE = "language", "The language that they signed in"
        COUNTRY = "country", "The country that they selected"
        VIA = "via", "The website that brought them to the letter"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    # The code of a language or country, or a host; empty if unknown.
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
            # Denial of service: anyone can submit any host with the form, so only the largest numbers are read.
            models.Index("letter", "kind", F("number").desc(), name="letter_tally_greatest"),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id}, {self.kind} {self.value}: {self.number}"
