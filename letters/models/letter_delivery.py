from django.db import models
from django.db.models import Q

from letters.models.letter import Letter


class LetterDelivery(models.Model):
    """The letter reached its addressee: when, whom, and with how many signatures. The public reads it."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="letter_deliveries")
    on = models.DateField()
    # Who took it, in words: "the office of the minister of transport".
    to = models.CharField(max_length=200)
    # How, or what was said; a sentence or two, if there is something to say.
    note = models.CharField(max_length=500, blank=True)
    # How many signatures it had: what the organizer says, as counted at that moment if nothing else is said.
    signature_count = models.PositiveIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.UniqueConstraint("letter", "on", "to", name="letter_delivery_once_a_day_and_addressee"),
            models.CheckConstraint(condition=~Q(to=""), name="letter_delivery_says_to_whom"),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} on {self.on}"
