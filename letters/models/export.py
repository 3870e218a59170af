from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter
from letters.shared.languages import language_name


class ExportQuerySet(models.QuerySet["Export"]):
    def owed(self) -> ExportQuerySet:
        return self.filter(finished_at__isnull=True, failed_at__isnull=True)

    def since_move(self, letter: Letter) -> ExportQuerySet:
        """Select the exports of a letter that its collective has requested.

        Privacy: after a move, nobody reads who requested the earlier ones in the collective that had the letter.
        """
        exports = self.filter(letter=letter)
        return exports.filter(created_at__gt=letter.moved_at) if letter.moved_at else exports


class Export(models.Model):
    """A file that a member has requested. The row alone counts: a worker makes the file."""

    class Kind(models.TextChoices):
        SIGNATURES = "signatures", "Published signatures"
        LETTER = "letter", "The letter with its signatories"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel (XLSX)"
        PDF = "pdf", "PDF"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="exports", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    format = models.CharField(max_length=4, choices=Format)
    # The language of a letter (BCP 47); empty for a list.
    language = models.CharField(max_length=12, default="", db_default="", blank=True)
    # If they have lost their role when a worker claims the export, no file is made.
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    # Claims so far, including the current one. Race: a worker with an older number has been replaced, and stops.
    attempts = models.PositiveSmallIntegerField(default=0)
    # The earliest time of the next claim. A worker extends it with its progress, so that another takes over if it dies.
    next_attempt_at = models.DateTimeField()
    # The letter's highest number at the start, the number reached so far, and the rows written.
    last_number = models.PositiveIntegerField(default=0)
    reached = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    # The end of the export.
    finished_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    # A short reason, for example "not_yours" or the name of an exception.
    error = models.CharField(max_length=100, blank=True)
    # Empty before the file exists and after it was deleted. Its content is in ExportPart.
    file_name = models.CharField(max_length=100, blank=True)
    # When the file is deleted.
    expires_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Export]] = models.Manager.from_queryset(ExportQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["signatures", "letter"]), name="export_kind_known"),
            models.CheckConstraint(condition=Q(format__in=["csv", "xlsx", "pdf"]), name="export_format_known"),
            models.CheckConstraint(
                condition=(Q(kind="letter", format="pdf") & ~Q(language=""))
                | (~Q(kind="letter") & ~Q(format="pdf") & Q(language="")),
                name="export_of_a_letter_is_a_pdf",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(failed_at__isnull=True), name="export_ends_once"
            ),
            # Race: a file that is requested twice, by two clicks or two people, is made once.
            models.UniqueConstraint(
                fields=["letter", "kind", "format", "language"],
                condition=Q(finished_at__isnull=True, failed_at__isnull=True),
                name="export_one_at_a_time",
            ),
        ]
        indexes = [models.Index("letter", F("id").desc(), name="export_of_a_letter")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.letter_id} as {self.format}"

    @property
    def language_name(self) -> str:
        return language_name(self.language) if self.language else ""

    @property
    def percent(self) -> int:
        return min(100, 100 * self.reached // self.last_number) if self.last_number else 0


class ExportPart(models.Model):
    """A part of a file. The database holds files, so that every web server can send them, and no disk is shared.

    Privacy: files hold names that only organizers see. A part is encrypted, so that neither a copy of the database nor
    an archive of its log tells the names in a file that has been deleted since.
    """

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts", db_index=False)
    # Race: a worker that was replaced leaves parts of an older attempt, which nobody reads.
    attempt = models.PositiveSmallIntegerField()
    place = models.PositiveIntegerField()
    # Bytes of the file, before they were encrypted.
    size = models.PositiveIntegerField()
    # Encrypted under one of ADDRESS_KEYS.
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("export", "attempt", "place", name="export_part_once")]

    def __str__(self) -> str:
        return f"part {self.place} of {self.export_id}"
