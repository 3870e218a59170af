from __future__ import annotations

from typing import ClassVar

from django.db import models

from letters.models.lifecycle import State
from letters.models.report import Report
from letters.models.signature import Signature

# The risk of a signature that the person named has reported: above every score, so it is first in the review queue.
RISK_OF_NAMED = 101


class NameReportQuerySet(models.QuerySet["NameReport"]):
    def about(self, signature: Signature, address_hash: bytes) -> NameReportQuerySet:
        """Select the report of one address about a signature."""
        return self.filter(signature=signature, address_hash=address_hash)


class NameReport(models.Model):
    """A report by someone who says that a signature bears their name, and that they did not sign.

    The row exists once the owner of the address has confirmed, and until the reporter was told the decision. Its
    `report` stays, and says nothing about the reporter.
    """

    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="by_named", primary_key=True)
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="name_reports", db_index=False)
    # The domain of the address, if it belongs to the organisation that the signature names; otherwise "". Moderators
    # read it.
    domain = models.CharField(max_length=253, default="", db_default="", blank=True)
    # Encrypted (letters/shared/addresses.py), and deleted after 30 days if nobody has decided. Nobody reads it.
    address = models.BinaryField(null=True, blank=True)
    # The same hash as in `Signature`, so that one address counts once. It is deleted with the address.
    address_hash = models.BinaryField(max_length=32, null=True, blank=True)
    # BCP 47: the language of the email about the decision.
    language = models.CharField(max_length=12)
    confirmed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[NameReport]] = models.Manager.from_queryset(NameReportQuerySet)()

    class Meta:
        constraints = [
            # Race: if two clicks come at once, only one report is stored.
            models.UniqueConstraint(fields=["signature", "address_hash"], name="name_report_once_an_address"),
        ]
        indexes = [models.Index("confirmed_at", name="name_report_by_age")]

    def __str__(self) -> str:
        return f"Report {self.report_id} by the person named"


def shows_a_name(signature: Signature) -> bool:
    """Return whether the public list shows a name for the signature. Only such a name can be someone else's."""
    return signature.state == State.PUBLISHED and signature.number is not None and signature.public_name != ""
