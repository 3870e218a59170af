from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from letters.models.letter import Letter
from letters.shared.traces import HASH_BYTES


class ScoringWindow(models.Model):
    """The number of signatures of a letter that were scored in ten minutes, and of the doubtful ones among them.

    Privacy: numbers alone, which no page shows. They are deleted after eight days.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    begins_at = models.DateTimeField()
    scored = models.PositiveIntegerField()
    doubtful = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["letter", "begins_at"], name="scoring_window_once")]
        indexes = [models.Index("begins_at", name="scoring_window_to_forget")]

    def __str__(self) -> str:
        return f"{self.scored} scored from {self.begins_at}"


class Wave(models.Model):
    """A time in which far more signatures, or doubtful ones, come than usual, with the shield against it, if any."""

    class Sign(models.TextChoices):
        DOUBT = "doubt", "Far more doubtful signatures than usual"
        RATE = "rate", "Far more signatures than usual"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="waves", db_index=False)
    sign = models.CharField(max_length=10, choices=Sign)
    noticed_at = models.DateTimeField()
    # The time since which it has been calm; half an hour later the wave is over.
    calm_since = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)
    # The person who ended it by hand, if anyone did.
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    shielded_at = models.DateTimeField(null=True, blank=True)
    shielded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # When the organizers were told of the shield.
    announced_at = models.DateTimeField(null=True, blank=True)
    # The networks of the burst, as in SigningTrace. Privacy: they are deleted when the wave is over.
    networks = ArrayField(models.BinaryField(max_length=HASH_BYTES), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["letter"], condition=Q(over_at__isnull=True), name="wave_once_a_letter"),
            models.CheckConstraint(condition=Q(sign__in=["doubt", "rate"]), name="wave_sign_known"),
            models.CheckConstraint(condition=Q(over_at__isnull=True) | Q(networks=[]), name="wave_forgets_networks"),
        ]
        indexes = [
            models.Index(
                "id",
                name="wave_to_announce",
                condition=Q(shielded_at__isnull=False, announced_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Wave of letter {self.letter_id}"

    @classmethod
    def of(cls, letter: Letter) -> Wave | None:
        """Return the wave that is not over, if there is one."""
        return cls.objects.filter(letter=letter, over_at=None).first()
