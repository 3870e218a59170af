from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef

from letters.models.display import Display
from letters.models.revision import History, Revision
from letters.models.signature import Signature


class CarryOver(models.Model):
    """The question to all who signed an earlier text, whether their signatures carry over to a change of substance."""

    # Asked once about each: the key of this table, and part of the keys of the mails.
    revision = models.OneToOneField(Revision, on_delete=models.PROTECT, primary_key=True, related_name="carry_over")
    asked_at = models.DateTimeField()
    # The highest number among the signatures whose mail has been thought of. They are numbered by one writer, in the
    # order in which they become visible, so none below it can turn up later.
    reached = models.PositiveIntegerField(default=0)
    # Mails owed so far; and answers, as they stand now.
    owed = models.PositiveIntegerField(default=0)
    carried = models.PositiveIntegerField(default=0)
    stayed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Question about revision {self.revision_id}"


class CarryOverAnswer(models.Model):
    """What a signer has said about it last."""

    question = models.ForeignKey(CarryOver, on_delete=models.PROTECT, related_name="+", db_index=False)
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="answers", db_index=False)
    # The text that it stood with before, and in which language: it goes back there if the signer says so.
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=12)
    carries = models.BooleanField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signature", "question"], name="carry_over_answered_once"),
        ]

    def __str__(self) -> str:
        return f"Answer of signature {self.signature_id}"


def has_carried() -> Exists:
    """Of a signature in a query: whether its signer has carried it over to a later text."""
    return Exists(CarryOverAnswer.objects.filter(signature=OuterRef("pk"), carries=True))


def text_columns(signature: Signature, changes: History | None) -> tuple[object, ...]:
    """What a file says of the text that a signature stands with: its number; the languages that were added to the
    letter after it; "current", "before_correction", "earlier" or "first"; and whether the signer carried it over. The
    query annotates `signed_text` and `has_carried`.

    Privacy: whoever shows no name was never asked in that state, so nothing is said of it.
    """
    signed = getattr(signature, "signed_text", "")
    kind = {"": "current", "corrected": "before_correction"}.get(signed, signed)
    carried = getattr(signature, "has_carried", False) and signature.display != Display.NOBODY
    number = signature.revision.number
    later = " ".join(changes.languages_after(number)) if changes else ""
    return number, later, kind, "yes" if carried else ""
