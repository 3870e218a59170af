"""The ledger of each letter: one entry for each step of each number, which nothing changes or deletes.

Entries hold no names: a signer's words are in them only as a commitment, which nobody can open without the opening. The
opening is a row of its own, and is deleted together with the words.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from letters.models.letter import Letter
from letters.models.revision import Revision
from letters.models.signature import Signature
from letters.shared.addresses import decrypt_bytes, encrypt_bytes

OPENING_BYTES = 32
# An encrypted one, as `seal_opening` makes it.
SEALED_OPENING_BYTES = 140


def seal_opening(opening: bytes) -> bytes:
    """Encrypt an opening under the newest of ADDRESS_KEYS, for words that only organizers may read.

    Privacy: with a readable one, someone who has a dump could try every name on a list against the commitment.
    """
    return encrypt_bytes(opening)


class OpeningField(models.BinaryField):  # type: ignore[type-arg]
    """An opening, readable or encrypted in the database. Reading it decrypts."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def from_db_value(self, value: Any, *_: Any) -> bytes | None:
        stored = None if value is None else bytes(value)
        return stored if stored is None or len(stored) == OPENING_BYTES else decrypt_bytes(stored)


class Ledger(models.Model):
    """How far the ledger of one letter has come. A letter that was never public has none."""

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, primary_key=True, related_name="ledger")
    # Whether the letter was public before the site kept a ledger. Then a command enters what is there.
    is_existing = models.BooleanField(default=False, db_default=False)
    # The highest sequence number that the ledger has.
    recorded = models.PositiveIntegerField(default=0, db_default=0)
    # The newest text that the ledger has.
    newest_text = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    # The newest entry with counts, and when it was written. Privacy: the entries themselves hold no moments.
    counts = models.CharField(max_length=200, default="", db_default="", blank=True)
    counts_at = models.DateTimeField(null=True, blank=True)
    # Whether counts have changed since.
    owes_counts = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [models.Index("counts_at", name="ledger_owes_counts", condition=Q(owes_counts=True))]

    def __str__(self) -> str:
        return f"Ledger of letter {self.letter_id}"


class LedgerEntry(models.Model):
    """One line of a letter's ledger. A trigger refuses every change, also to emptying the table."""

    pk = models.CompositePrimaryKey("letter_id", "index")
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="ledger_entries", db_index=False)
    # From 0, without gaps.
    index = models.BigIntegerField()
    # What is said, in ASCII (letters/base/ledger/entries.py). Only an entry that names logs is longer than 200.
    data = models.CharField(max_length=1000)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [models.CheckConstraint(condition=Q(index__gte=0), name="ledger_entry_from_zero")]

    def __str__(self) -> str:
        return f"{self.letter_id}, entry {self.index}"


class LedgerOpening(models.Model):
    """What opens the newest commitment to the words of one signature. It is deleted together with the words."""

    signature = models.OneToOneField(
        Signature, on_delete=models.CASCADE, primary_key=True, related_name="ledger_opening"
    )
    # Encrypted for words that only organizers may read. Those of public names are public, too.
    opening = OpeningField(editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(Exact(Length("opening"), OPENING_BYTES))
                | Q(Exact(Length("opening"), SEALED_OPENING_BYTES)),
                name="ledger_opening_is_whole",
            )
        ]

    def __str__(self) -> str:
        return f"Opening of signature {self.signature_id}"


class OwedEntry(models.Model):
    """What the sequencer must still write into the ledger about a signature that has a number."""

    class Kind(models.TextChoices):
        WORDS = "words", "The public words, or who can see them, have changed"
        CARRY = "carry", "The signature also counts for a newer text"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+", db_index=False)
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=Kind)

    class Meta:
        verbose_name_plural = "owed entries"
        constraints = [
            models.UniqueConstraint(F("signature"), F("kind"), name="owed_entry_once"),
            models.CheckConstraint(condition=Q(kind__in=["words", "carry"]), name="owed_entry_kind_known"),
        ]
        indexes = [models.Index("letter", "id", name="owed_entry_of_letter")]

    def __str__(self) -> str:
        return f"Owed to letter {self.letter_id}: {self.kind} of signature {self.signature_id}"
