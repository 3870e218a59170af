from django.conf import settings
from django.db import models

from letters.models.letter import Letter


class SignatoryList(models.Model):
    """A list of people to invite, as uploaded, until its organizer confirms the columns. Kept for an hour at most."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    # Each organizer of a letter has one list at a time.
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The text, encrypted like addresses (letters/shared/addresses.py, `encrypt`).
    encrypted = models.BinaryField()
    # The encoding, if worth mentioning: "windows-1252", "utf-16".
    encoding = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("letter", "sent_by", name="invite_list_once_an_organizer")]

    def __str__(self) -> str:
        return f"List {self.pk} for letter {self.letter_id}"
