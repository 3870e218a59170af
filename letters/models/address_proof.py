from __future__ import annotations

from datetime import datetime

from django.db import models

from letters.models.signature import Signature
from letters.models.signer_question import SignerQuestion

# Abuse: one question causes at most so many emails, because the signer types the address.
MAX_PROOF_EMAILS = 3


class AddressProof(models.Model):
    """A proof that a signer has begun, to answer a question: that they read email at a domain. The row ends with it.

    Privacy: the address itself is only in the request of its email, which is deleted once that email has ended. After
    the proof, nothing leads from the question to the email.
    """

    question = models.OneToOneField(SignerQuestion, on_delete=models.CASCADE, related_name="proof", primary_key=True)
    # Its signature, too, because the statement that purges signatures deletes rows by it.
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="address_proofs")
    # The id of the newest email with a code. Its code is computed from this id, so nothing stored reveals it.
    email_id = models.BigIntegerField()
    # In ASCII (IDNA).
    domain = models.CharField(max_length=253)
    emails = models.PositiveSmallIntegerField(default=0)
    # Tries of the newest code, and until when it is valid; None until its email leaves.
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index("email_id", name="address_proof_of_email")]

    def __str__(self) -> str:
        return f"Proof for question {self.question_id}"

    def takes_code(self, now: datetime) -> bool:
        """Tell whether the email with the newest code has left, and the code is not too old."""
        return self.expires_at is not None and now < self.expires_at
