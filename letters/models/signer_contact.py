from __future__ import annotations

from django.db import models
from django.db.models import Q

from letters.models.letter import Letter
from letters.models.signature import Signature, is_before_move
from letters.models.signer_words import Consented


class SignerContact(Consented):
    """The private half of a signature. Deleting this row deletes the address."""

    signature = models.OneToOneField(Signature, on_delete=models.CASCADE, related_name="contact", primary_key=True)
    # The address as typed, encrypted (letters/shared/addresses.py, `encrypt`).
    address = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consent="", consented_at__isnull=True) | (~Q(consent="") & Q(consented_at__isnull=False)),
                name="contact_consent_says_when",
            ),
        ]

    def agrees(self, letter: Letter) -> bool:
        """Return whether the signer agreed to updates of the collective that the letter belongs to now."""
        return self.consent != "" and not is_before_move(self.consented_at, letter)

    def __str__(self) -> str:
        return f"Contact of signature {self.signature_id}"
