from __future__ import annotations

from django.db import models


class StoppedAddress(models.Model):
    """An address to which no email about letters leaves, because its owner has lost the mailbox.

    Privacy: the hash alone. Whether the address has signed anything does not matter, and the row does not say it.
    """

    # The same hash as in `Signature`.
    address_hash = models.BinaryField(max_length=32, primary_key=True)
    stopped_at = models.DateTimeField()

    def __str__(self) -> str:
        return "Stopped address"
