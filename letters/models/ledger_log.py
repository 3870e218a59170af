"""The logs that let strangers check the ledgers: tiles, signed checkpoints, and the public keys.

Each letter's ledger is one log. The log of the site has the checkpoints of the letters as its entries, so that a
witness watches one log only. A log that was closed has a successor with the next generation.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from letters.models.letter import Letter
from letters.shared.notes import KEY_SIZES, Checkpoint, Kind, VerifierKey
from letters.shared.tlog import HASH_SIZE, MAX_LEVEL, TILE_WIDTH

BYTES_OF_TILE = HASH_SIZE * TILE_WIDTH
# The name of the site's log in addresses, in place of the number of a letter.
SITE = "site"


class LogQuerySet(models.QuerySet["LedgerLog"]):
    def current(self) -> LogQuerySet:
        """Keep the logs that still grow."""
        return self.filter(closed_at=None)


class LedgerLog(models.Model):
    """One log, and how much of it is signed. A log without a letter is the site's."""

    class Doubt(models.TextChoices):
        BEHIND = "behind", "The database has fewer entries than a checkpoint that was signed"
        DIFFERS = "differs", "The entries are not those of a checkpoint that was signed"
        GAP = "gap", "An entry is missing"
        TILES = "tiles", "The tiles do not have the root that was signed"
        FORGOTTEN = "forgotten", "The checkpoint outside the database is missing"
        UNREADABLE = "unreadable", "The checkpoint outside the database cannot be read, or another key signed it"

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="logs", null=True, db_index=False)
    generation = models.PositiveSmallIntegerField(default=1, db_default=1)
    # The name in addresses: 12, 12.2 after a closed log, site.
    name = models.CharField(max_length=30, unique=True)
    # The name in every checkpoint. It stays if the site moves to another host.
    origin = models.CharField(max_length=255, unique=True)
    # How many entries the newest checkpoint has, its root, and when it was signed.
    size = models.BigIntegerField(default=0, db_default=0)
    root = models.BinaryField(max_length=HASH_SIZE, null=True, editable=False)
    signed_at = models.DateTimeField(null=True, blank=True)
    # The size that the log of the site has last been told.
    told_size = models.BigIntegerField(default=0, db_default=0)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Why the site signs no checkpoint, and since when.
    doubt = models.CharField(max_length=10, choices=Doubt, default="", db_default="", blank=True)
    doubted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[LedgerLog]] = models.Manager.from_queryset(LogQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(F("letter"), F("generation"), name="ledger_log_once", nulls_distinct=False),
            models.UniqueConstraint(
                F("letter"), name="ledger_log_one_open", condition=Q(closed_at__isnull=True), nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(size=0, root__isnull=True) | Q(size__gt=0, root__isnull=False),
                name="ledger_log_root_if_signed",
            ),
            models.CheckConstraint(
                condition=Q(doubt="", doubted_at__isnull=True) | (~Q(doubt="") & Q(doubted_at__isnull=False)),
                name="ledger_log_doubt_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.origin

    def checkpoint(self) -> Checkpoint | None:
        """Return what was signed last."""
        return Checkpoint(self.origin, self.size, bytes(self.root)) if self.root else None


class LedgerTile(models.Model):
    """One tile of a log, as wide as the log is long. A narrower one is its beginning, so none has to be kept apart."""

    pk = models.CompositePrimaryKey("log_id", "level", "number")
    log = models.ForeignKey(LedgerLog, on_delete=models.CASCADE, related_name="tiles", db_index=False)
    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    data = models.BinaryField(max_length=BYTES_OF_TILE, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__lte=MAX_LEVEL, number__gte=0), name="ledger_tile_has_place"),
        ]

    def __str__(self) -> str:
        return f"{self.log_id}, tile {self.level}/{self.number}"


class LedgerCheckpoint(models.Model):
    """A signed checkpoint. Of earlier days, the last one of each day is kept."""

    log = models.ForeignKey(LedgerLog, on_delete=models.CASCADE, related_name="checkpoints", db_index=False)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=HASH_SIZE, editable=False)
    # The note as readers get it, with its signatures.
    note = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(F("log"), F("size").desc(), name="ledger_checkpoint_once"),
            models.CheckConstraint(condition=Exact(Length("root"), HASH_SIZE), name="ledger_checkpoint_has_root"),
        ]

    def __str__(self) -> str:
        return f"{self.log_id}, checkpoint of {self.size}"


class LedgerKey(models.Model):
    """A public key that signs the logs, or did: old receipts need old keys."""

    kind = models.PositiveSmallIntegerField(choices=[(int(kind), kind.name) for kind in Kind])
    key = models.BinaryField(max_length=max(KEY_SIZES.values()), editable=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("kind", "key", name="ledger_key_once")]

    def __str__(self) -> str:
        return f"Key {self.pk} of the ledgers"

    def under(self, origin: str) -> VerifierKey:
        """Return the key under the name of a log."""
        return VerifierKey(origin, Kind(self.kind), bytes(self.key))


class SiteLogEntry(models.Model):
    """One entry of the site's log: the text of a letter's checkpoint. A trigger refuses every change."""

    # From 0, without gaps.
    index = models.BigIntegerField(primary_key=True)
    data = models.CharField(max_length=400)

    class Meta:
        verbose_name_plural = "entries of the site's log"
        constraints = [models.CheckConstraint(condition=Q(index__gte=0), name="site_log_entry_from_zero")]

    def __str__(self) -> str:
        return f"Site, entry {self.index}"
