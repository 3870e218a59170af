from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from letters.models.letter import Letter
from letters.models.signature import Signature
from letters.models.signer_words import Consented


def is_before_move(moment: datetime | None, letter: Letter) -> bool:
    """Return whether something happened while the letter belonged to an earlier collective.

    Privacy: what a signer agreed to then does not count for the next collective.
    """
    return moment is not None and letter.moved_at is not None and moment <= letter.moved_at


# SQL: the same for the columns `contact.consented_at` and `letter.moved_at`.
AGREED_SINCE_MOVE = "(letter.moved_at IS NULL OR contact.consented_at > letter.moved_at)"


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
