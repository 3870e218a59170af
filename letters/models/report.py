from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter
from letters.models.signature import Signature
from letters.shared.fields import EncryptedEmailField


class Report(models.Model):
    """A report by a reader about a letter or one signature. A report alone removes nothing.

    Privacy: about a signature we store one word from a list and nothing about the reader, so that nothing about a
    signer stays after they withdraw. The person named has a row beside it until the decision (NameReport). About a
    letter we store what the reader wrote, and a name and an address if they gave them. These are deleted half a year
    after the decision.
    """

    class Reason(models.TextChoices):
        ILLEGAL = "illegal", "Illegal content"
        RULES = "rules", "Against the rules of the site"
        NOT_A_PERSON = "not_a_person", "Not a person"
        SOMEONE_ELSE = "someone_else", "Another person's name"
        ABUSE = "abuse", "Insult or advertisement"
        TWICE = "twice", "Signed more than once"
        # Confirmed by email: see NameReport.
        NAMED = "named", "The person named says that they did not sign"

    class Outcome(models.TextChoices):
        OPEN = "", "Not decided"
        ACTED = "acted", "The letter was taken down"
        NOTHING = "nothing", "The letter stays"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="reports", db_index=False)
    signature = models.ForeignKey(
        Signature, on_delete=models.CASCADE, related_name="reports", db_index=False, null=True, blank=True
    )
    reason = models.CharField(max_length=20, choices=Reason)
    words = models.CharField(max_length=2000, default="", db_default="", blank=True)
    name = models.CharField(max_length=200, default="", db_default="", blank=True)
    address = EncryptedEmailField(null=True, blank=True)
    # BCP 47: the language of the form, and of the email about the decision.
    language = models.CharField(max_length=12, default="", db_default="", blank=True)
    reported_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, db_default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(signature__isnull=True, reason__in=["illegal", "rules"])
                | Q(signature__isnull=False, reason__in=["not_a_person", "someone_else", "abuse", "twice", "named"]),
                name="report_reason_known",
            ),
            # Privacy: see above.
            models.CheckConstraint(
                condition=Q(signature__isnull=True) | Q(words="", name="", address__isnull=True),
                name="report_of_signature_holds_no_words",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at__isnull=True, decided_by__isnull=True)
                | Q(outcome__in=["acted", "nothing"], decided_at__isnull=False, decided_by__isnull=False),
                name="report_decided_says_by_whom",
            ),
        ]
        indexes = [
            models.Index("letter", F("id").desc(), name="report_open", condition=Q(outcome="", signature__isnull=True)),
            models.Index("signature", F("id").desc(), name="report_of_signature", condition=Q(signature__isnull=False)),
            models.Index("decided_at", name="report_to_forget", condition=Q(decided_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Report {self.pk} about letter {self.letter_id}"
