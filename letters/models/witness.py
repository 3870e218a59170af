"""The witnesses of the site's log: what each of them has cosigned, and the time stamps of its checkpoints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from letters.models.letter import Letter


class Witness(models.Model):
    """A witness that was asked, with what it said last."""

    class Refusal(models.TextChoices):
        """Why it does not cosign, although it knows our log and our key."""

        NONE = "", "It has not refused"
        CHANGED = "changed", "Our log does not continue what it has seen"
        AHEAD = "ahead", "It has seen a longer log than ours"

    # Its verifier key, as in WITNESSES.
    key = models.CharField(max_length=2500, unique=True)
    name = models.CharField(max_length=255)
    # The last checkpoint that it cosigned: the log, how many entries it had, the text, and the witness' signature line.
    origin = models.CharField(max_length=255, default="", db_default="", blank=True)
    size = models.BigIntegerField(default=0, db_default=0)
    text = models.CharField(max_length=500, default="", db_default="", blank=True)
    line = models.TextField(default="", db_default="", blank=True)
    # The time in its signature.
    cosigned_at = models.DateTimeField(null=True, blank=True)
    # What pages say, which changes at most once an hour.
    shown_at = models.DateTimeField(null=True, blank=True)
    shown_size = models.BigIntegerField(default=0, db_default=0)
    refusal = models.CharField(max_length=10, choices=Refusal, default="", db_default="", blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    # Why there was no answer, how often, and since when.
    error = models.CharField(max_length=20, default="", db_default="", blank=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    # When a worker may ask it next. A worker that asks extends this, so that another takes over if it dies.
    not_before = models.DateTimeField()

    class Meta:
        verbose_name_plural = "witnesses"
        constraints = [
            models.CheckConstraint(
                condition=Q(refusal="", refused_at__isnull=True)
                | Q(refusal__in=["changed", "ahead"], refused_at__isnull=False),
                name="witness_refusal_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SitePlace(models.Model):
    """The first entry of the site's log that is about a letter. A witness that has seen more entries has seen it."""

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, primary_key=True, related_name="site_place")
    index = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(index__gte=0), name="site_place_from_zero")]

    def __str__(self) -> str:
        return f"Letter {self.letter_id} in the log of the site, from entry {self.index}"


class DayStamp(models.Model):
    """The time stamp of one day's checkpoint of the site's log, by an authority (RFC 3161)."""

    day = models.DateField(primary_key=True)
    # What was stamped: the checkpoint as a note, with all signatures that it had.
    note = models.TextField()
    # The answer of the authority, in DER.
    response = models.BinaryField(editable=False)
    # The time in it.
    stamped_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Time stamp of {self.day}"
