from __future__ import annotations

from django.db import models

from letters.models.letter import Letter


class MailRequest(models.Model):
    """Somebody asked a form to email an address about its signature of a letter, whether there is one or not.

    Privacy: an email follows for every address alike. If only those that have signed got one, whoever reads the log of
    a mail server could type an address and see whether it has.
    """

    # Neither index nor constraint: both would be paid for at each request, and a letter is never deleted before it.
    letter = models.ForeignKey(
        Letter, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    language = models.CharField(max_length=12)
    # As in a signature.
    address_hash = models.BinaryField(max_length=32)
    # Encrypted, and deleted when the email has ended.
    address = models.BinaryField(null=True, blank=True)
    requested_at = models.DateTimeField()

    class Meta:
        indexes = [
            # How much email an address has had.
            models.Index("address_hash", name="mail_request_to_address"),
            # What has still to be forgotten.
            models.Index("id", name="mail_request_with_address", condition=models.Q(address__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"MailRequest {self.pk}"
