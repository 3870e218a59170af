from __future__ import annotations

from django.db import models

from letters.models.letter import Letter


class MailRequest(models.Model):
    """A request by form to email an address about its signature under a letter, whether or not there is one.

    Privacy: an email follows for every address alike. If only addresses that have signed got one, anyone with the log
    of a mail server could type an address and see whether it has signed.
    """

    # Performance: no index and no constraint, because each request would pay for them. A letter is never deleted before
    # its requests.
    letter = models.ForeignKey(
        Letter, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    language = models.CharField(max_length=12)
    # The same hash as in `Signature`.
    address_hash = models.BinaryField(max_length=32)
    # Encrypted, and deleted once the email has ended.
    address = models.BinaryField(null=True, blank=True)
    requested_at = models.DateTimeField()

    class Meta:
        indexes = [
            # Performance: counts how many emails an address has had.
            models.Index("address_hash", name="mail_request_to_address"),
            # Performance: finds addresses that must be deleted.
            models.Index("id", name="mail_request_with_address", condition=models.Q(address__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"MailRequest {self.pk}"
