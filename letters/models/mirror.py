"""Copies of a letter that anyone can keep: the bundle that the site makes, where it was sent, and who keeps one."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter


class BundleQuerySet(models.QuerySet["Bundle"]):
    def made(self) -> BundleQuerySet:
        return self.exclude(sha256="")


class Bundle(models.Model):
    """What is known of a letter's newest bundle. The file itself can be made again at any time, byte by byte.

    Privacy: its file holds only what the public pages show, and days, no times.
    """

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, primary_key=True, related_name="bundle")
    # The letter's version in it. 0 if none could be made yet.
    version = models.PositiveIntegerField(default=0)
    # The day on which this version was first made into a bundle: every time in the file is this day.
    day = models.DateField()
    # Of the ZIP, in hexadecimal; empty if none could be made yet.
    sha256 = models.CharField(max_length=64, blank=True)
    # Of its file SHA256SUMS, for copies that someone has unpacked.
    sums_sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    # The checkpoint of the letter's record in it, and whether that has every entry of this version. If not, the bundle
    # is made again as soon as the entries are signed.
    checkpoint = models.TextField(blank=True)
    is_record_whole = models.BooleanField(default=True)
    # The signed note about the ZIP; empty until a worker with the key has signed it.
    note = models.TextField(blank=True)
    # Whether it says only that the letter was taken down.
    is_tombstone = models.BooleanField(default=False)
    # When a worker began to read this version, and until when the next version waits.
    began_at = models.DateTimeField()
    not_before = models.DateTimeField()

    objects: ClassVar[models.Manager[Bundle]] = models.Manager.from_queryset(BundleQuerySet)()

    def __str__(self) -> str:
        return f"Bundle of {self.letter_id}, version {self.version}"


class BundlePush(models.Model):
    """What was last sent to one of the places in MIRRORS. Security: its name here holds no password."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+", db_index=False)
    place = models.CharField(max_length=300)
    # The bundle that is there; empty for none.
    sha256 = models.CharField(max_length=64, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()

    class Meta:
        verbose_name_plural = "bundle pushes"
        constraints = [models.UniqueConstraint("letter", "place", name="bundle_push_once")]

    def __str__(self) -> str:
        return f"{self.letter_id} to {self.place}"


class Mirror(models.Model):
    """A copy of a letter that is on the web elsewhere, and what we found there last."""

    class Finding(models.TextChoices):
        UNKNOWN = "", "Not looked at yet"
        SAME = "same", "Its record is the beginning of ours, or all of it"
        AHEAD = "ahead", "Its record is longer than ours"
        DIFFERENT = "different", "Its record is not the beginning of ours"
        UNREADABLE = "unreadable", "It has no record of this letter that we can read"
        UNREACHABLE = "unreachable", "It does not answer"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="mirrors", db_index=False)
    # The address of its first page. It ends with a slash.
    url = models.CharField(max_length=500)
    # None if the people who run the site named it in MIRRORS.
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    added_at = models.DateTimeField()
    finding = models.CharField(max_length=12, choices=Finding, default=Finding.UNKNOWN, blank=True)
    # How many entries its record has; None if we could not read it.
    entries = models.PositiveBigIntegerField(null=True)
    # When we looked last, and when we look next.
    checked_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(finding__in=["", "same", "ahead", "different", "unreadable", "unreachable"]),
                name="mirror_finding_known",
            ),
            models.UniqueConstraint("letter", "url", name="mirror_once_a_letter"),
        ]
        indexes = [models.Index(F("check_at"), name="mirror_to_check")]

    def __str__(self) -> str:
        return self.url
