from __future__ import annotations

from django.db import models
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable

from letters.models.display import Display
from letters.models.revision import History, Revision
from letters.models.signature import Signature


class CarryOver(models.Model):
    """The question to people who signed an earlier text, whether their signatures carry over to
    a change of substance.
    """

    # Asked once for each revision: this table's key, and part of the emails' keys.
    revision = models.OneToOneField(Revision, on_delete=models.PROTECT, primary_key=True, related_name="carry_over")
    asked_at = models.DateTimeField()
    # The highest number of a signature that was considered. Race: the sequencer numbers signatures in the order in
    # which they become visible, so no lower number can appear later.
    reached = models.PositiveIntegerField(default=0)
    # The number of emails created so far, and of current answers.
    owed = models.PositiveIntegerField(default=0)
    carried = models.PositiveIntegerField(default=0)
    stayed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Question about revision {self.revision_id}"


class CarryOverAnswer(models.Model):
    """The last answer of a signer."""

    question = models.ForeignKey(CarryOver, on_delete=models.PROTECT, related_name="+", db_index=False)
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="answers", db_index=False)
    # The signature's earlier text and language, to which it returns if the signer changes the answer.
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
    """Match signatures in a query that their signer has carried over to a later text."""
    return Exists(CarryOverAnswer.objects.filter(signature=OuterRef("pk"), carries=True))


def text_cells(changes: History | None) -> list[Combinable]:
    """Return the columns of a file about the text that a signature belongs to, for `values_list`.

    These are its number; the languages that were added to the letter later; "current", "before_correction", "earlier"
    or "first"; and whether the signer carried it over. The query must annotate `signed_text`. Signers without a name
    were never asked, so these columns say nothing about them.
    """
    later: dict[str, list[int]] = {}
    if changes:
        for text in changes.texts:
            later.setdefault(" ".join(changes.languages_after(text.number)), []).append(text.number)
    numbers = [When(revision__number__in=each, then=Value(languages)) for languages, each in later.items() if languages]
    kinds = [
        When(signed_text="", then=Value("current")),
        When(signed_text="corrected", then=Value("before_correction")),
    ]
    # Performance: nobody was asked about a letter whose text never changed.
    answered = [When(~Q(display=Display.NOBODY) & Q(has_carried()), then=Value("yes"))] if changes else []
    return [
        F("revision__number"),
        Case(*numbers, default=Value(""), output_field=CharField()),
        Case(*kinds, default=F("signed_text"), output_field=CharField()),
        Case(*answered, default=Value(""), output_field=CharField()),
    ]
