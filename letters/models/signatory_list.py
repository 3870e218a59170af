from django.conf import settings
from django.db import models

from letters.models.letter import Letter


class SignatoryList(models.Model):
    """People whom an organizer wants to invite: as sent in, until they have said what is what. An hour at most."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    # Each of a letter's organizers has one at a time.
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The text, encrypted as addresses are (letters/shared/addresses.py, `seal`).
    encrypted = models.BinaryField()
    # How it was written, if that is worth saying: "windows-1252", "utf-16".
    encoding = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("letter", "sent_by", name="invite_list_once_an_organizer")]

    def __str__(self) -> str:
        return f"List {self.pk} for letter {self.letter_id}"
