from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter
from letters.models.signature import Signature
from letters.shared.traces import HASH_BYTES


class SigningTrace(models.Model):
    """The origin of the form of one confirmed signature, as keyed hashes, so that floods can be seen.

    Privacy: it is deleted after a week, and at once if the signer withdraws. After "It wasn't me" only the network of
    the stranger who typed the address is kept for a week, without the signature.
    """

    signature = models.OneToOneField(Signature, on_delete=models.CASCADE, related_name="trace", null=True)
    # No foreign key constraint in the database: each confirmation would check it, and the signature has one.
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    # When the form was sent.
    at = models.DateTimeField()
    network = models.BinaryField(max_length=HASH_BYTES, null=True)
    browser = models.BinaryField(max_length=HASH_BYTES, null=True)
    # The domain of the address, if it belongs to an organisation, and whether it fits the affiliation. Privacy: never
    # for people who sign without a name.
    domain = models.BinaryField(max_length=HASH_BYTES, null=True)
    is_member = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(signature__isnull=False)
                | Q(browser__isnull=True, domain__isnull=True, network__isnull=False),
                name="trace_of_a_stranger_is_a_network",
            ),
        ]
        indexes = [
            models.Index("letter", "network", F("at").desc(), name="trace_of_network"),
            models.Index("letter", F("at").desc(), name="trace_of_letter"),
            models.Index("letter", "domain", name="trace_of_domain", condition=Q(domain__isnull=False)),
            models.Index("at", name="trace_to_forget"),
        ]

    def __str__(self) -> str:
        return f"Trace {self.pk}"


class Doubt(models.Model):
    """The reasons why the site doubts a signature, for moderators.

    Privacy: it is deleted a week after the signature was scored, unless the signature waits in the review queue.
    """

    signature = models.OneToOneField(Signature, on_delete=models.CASCADE, related_name="doubt", primary_key=True)
    # The names of reasons (letters/moderator/signals/reasons.py), the heaviest first.
    reasons = ArrayField(models.CharField(max_length=20))
    scored_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("scored_at", name="doubt_to_forget")]

    def __str__(self) -> str:
        return f"Doubt about signature {self.signature_id}"
