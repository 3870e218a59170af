from django.db import models


class KeyFingerprint(models.Model):
    """By which a key is known again that the data was written under. It tells nothing of the key."""

    # The variable that holds the key.
    name = models.CharField(max_length=50)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "fingerprint"], name="key_fingerprint_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.fingerprint}"
