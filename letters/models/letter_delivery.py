from django.db import models
from django.db.models import Q

from letters.models.letter import Letter


class LetterDelivery(models.Model):
    """The public record that the letter was delivered: when, to whom, and with how many signatures."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="letter_deliveries")
    on = models.DateField()
    # The recipient in words: "the office of the minister of transport".
    to = models.CharField(max_length=200)
    # How it was delivered or what was said, in a sentence or two.
    note = models.CharField(max_length=500, blank=True)
    # The number of signatures, as the organizer enters it. The form proposes the current count.
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
