from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from letters.models.display import Display
from letters.models.revision import Revision
from letters.models.signature import Signature
from letters.models.signature_conditions import ENTRUSTED_ONCE
from letters.models.signer_words import Consented, SignerWords
from letters.shared.addresses import SPELLING_HASH_BYTES
from letters.shared.traces import HASH_BYTES

CONTENT_HASH_BYTES = 16


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def unanswered(self) -> SubmissionQuerySet:
        return self.filter(answered_at=None)


class Submission(SignerWords, Consented):
    """Everything that a person typed into the signing form with the address of a signature.

    It is kept until the owner of the address confirms one submission. Each has its own email, link and code, so that
    the owner confirms exactly what one person typed and saw.
    """

    # No index of its own: the unique constraint below begins with this column.
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="submissions", db_index=False)
    # The text that the signer saw. No foreign key constraint in the database: each signing would check it, and a
    # published text is never deleted.
    revision = models.ForeignKey(
        Revision, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    language = models.CharField(max_length=12)
    domain = models.CharField(max_length=253, blank=True)
    concern = models.CharField(max_length=10, blank=True)
    via = models.CharField(max_length=100, blank=True)
    # Keyed hashes of where the form came from, which become the trace of the signature (SigningTrace). They are deleted
    # after a week.
    network = models.BinaryField(max_length=HASH_BYTES, null=True, blank=True)
    browser = models.BinaryField(max_length=HASH_BYTES, null=True, blank=True)
    submitted_at = models.DateTimeField()
    # A hash of everything that was typed, so that the same form sent twice makes one submission.
    content_hash = models.BinaryField(max_length=CONTENT_HASH_BYTES)
    # The address as typed, encrypted. Privacy: emails about this submission go to no other spelling. Once the signature
    # is confirmed, the address is deleted with the last of these emails.
    address = models.BinaryField(null=True, blank=True)
    # The hash of this spelling, as in `Signature`.
    spelling_hash = models.BinaryField(max_length=SPELLING_HASH_BYTES, null=True, blank=True)

    # When the owner of a confirmed signature accepted or refused this submission. Its words are deleted then.
    # Privacy: the row stays until the last reminder about it has been sent. If an answer ended the reminders, a mail
    # server's log would show that the address had signed before.
    answered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Submission]] = models.Manager.from_queryset(SubmissionQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signature", "content_hash"], name="submission_once"),
            models.CheckConstraint(condition=Q(display__in=Display.values), name="submission_display_known"),
            models.CheckConstraint(
                condition=Q(sealed__isnull=True)
                | Q(name="", affiliation="", role="", country="", comment="", domain=""),
                name="submission_sealed_has_no_words",
            ),
            models.CheckConstraint(condition=ENTRUSTED_ONCE, name="submission_entrusted_once"),
            models.CheckConstraint(
                condition=~Q(display="nobody") | Q(name="", affiliation="", role="", comment="", consent=""),
                name="submission_of_nobody_holds_no_name",
            ),
            models.CheckConstraint(
                condition=Q(consent="", consented_at__isnull=True) | (~Q(consent="") & Q(consented_at__isnull=False)),
                name="submission_consent_says_when",
            ),
        ]
        indexes = [
            # Finds submissions for which a reminder is due.
            models.Index("submitted_at", name="submission_to_remind"),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk}"

    def letter_key(self) -> int:
        return self.signature.letter_id
