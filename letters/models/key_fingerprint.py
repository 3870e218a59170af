from django.db import models


class KeyFingerprint(models.Model):
    """The fingerprint of a key with which data was written. It reveals nothing about the key."""

    # The variable that holds the key.
    name = models.CharField(max_length=50)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "fingerprint"], name="key_fingerprint_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.fingerprint}"
