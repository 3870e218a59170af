from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from letters.models.letter import Letter


class Revision(models.Model):
    """One state of a letter's text, in all its languages. Published, it never changes again (a trigger sees to it)."""

    class Kind(models.TextChoices):
        FIRST = "first", "The first text"
        CORRECTION = "correction", "A correction: it says the same"
        SUBSTANCE = "substance", "A change of substance"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="revisions")
    # 1, 2, 3 … within the letter.
    number = models.PositiveIntegerField()
    # What kind of change it is, as its organizer says: signers are asked anew only about one of substance.
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FIRST, db_default="first")
    # What changed, in a sentence that the public reads; empty for the first.
    note = models.TextField(blank=True, max_length=500)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("letter", "number", name="revision_number_once_a_letter"),
            models.UniqueConstraint("letter", condition=Q(published_at=None), name="revision_one_unpublished_a_letter"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_numbers_from_one"),
            models.CheckConstraint(
                condition=Q(kind__in=["first", "correction", "substance"]), name="revision_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id}, revision {self.number}"


class Translation(models.Model):
    """The text of a revision in one language."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="translations")
    # BCP 47, for example "en" or "pt-BR".
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    # To whom the letter is written, as it stands above the text.
    addressee = models.CharField(max_length=200)
    # One or two sentences, for lists, shared links and search engines.
    summary = models.CharField(max_length=400, blank=True)
    # Markdown, as the organizer typed it.
    body = models.TextField(max_length=100_000)
    # Made from `body` when it was saved, sanitised then; safe to show as it is.
    html = models.TextField()
    # SHA-256 of the text (letters/shared/text.py, `digest`): what a signature is bound to.
    sha256 = models.BinaryField(max_length=32)
    # The `version` of the letter's original text that this one says in another language; empty where nobody noted it.
    made_from = models.CharField(max_length=16, default="", db_default="", blank=True)

    class Meta:
        ordering = [F("language")]
        constraints = [
            models.UniqueConstraint("revision", "language", name="translation_once_a_language"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="translation_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def version(self) -> str:
        """Another one whenever a word has changed: what a writer has seen is compared with it."""
        parts = [self.title, self.addressee, self.summary, self.body]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def is_behind(self, original: Translation) -> bool:
        """The original says something else now than when this was made from it."""
        return self.language != original.language and self.made_from not in {"", original.version}


def newest_titles() -> Subquery:
    """Of letters in a query, the title that organizers know each by: as `Letter.newest_title` says it of one."""
    titles = Translation.objects.filter(revision__letter=OuterRef("pk"), language=OuterRef("language"))
    return Subquery(titles.order_by("-revision__number").values("title")[:1])
