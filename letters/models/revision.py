from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from typing import ClassVar

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Greatest

from letters.models.letter import Letter
from letters.shared.differences import Paragraph, differences
from letters.shared.plain_text import first_lines, to_plain


class RevisionQuerySet(models.QuerySet["Revision"]):
    def published(self) -> RevisionQuerySet:
        """Select the revisions that readers have seen, newest first."""
        return self.filter(published_at__isnull=False).order_by("-number")

    def of_substance(self) -> RevisionQuerySet:
        """Select the first revision and the changes of substance, without corrections."""
        return self.exclude(kind=Revision.Kind.CORRECTION)

    def move_counts(self, moves: Mapping[int, int]) -> None:
        """Change the number of signatures with these revisions. Lock order: the caller must hold the letter's row."""
        for pk, number in moves.items():
            counted = self.filter(pk=pk, signature_count__isnull=False)
            counted.update(signature_count=Greatest(F("signature_count") + number, 0))


class Revision(models.Model):
    """The text of a letter at one time, in all its languages.

    Once published, it never changes (a trigger enforces it).
    """

    class Kind(models.TextChoices):
        FIRST = "first", "The first text"
        CORRECTION = "correction", "A correction: it says the same"
        SUBSTANCE = "substance", "A change of substance"

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="revisions")
    # 1, 2, 3 … within the letter.
    number = models.PositiveIntegerField()
    # The kind of change, as the organizer chose it. Signers are asked again only about a change of substance.
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FIRST, db_default="first")
    # The picture above the text, if any, and its description. People sign it together with the words.
    cover = models.ForeignKey(
        "letters.Picture", on_delete=models.SET_NULL, related_name="+", null=True, blank=True, db_index=False
    )
    cover_alt = models.CharField(max_length=300, default="", db_default="", blank=True)
    # A public sentence about what changed; empty for the first.
    note = models.TextField(blank=True, max_length=500)
    # The note in other languages of the letter: {language: sentence}.
    notes = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    # How many published signatures this text has. Updated together with the letter's own count. None until the
    # sequencer has counted once.
    signature_count = models.PositiveIntegerField(null=True, default=0, db_default=0)

    objects: ClassVar[models.Manager[Revision]] = models.Manager.from_queryset(RevisionQuerySet)()

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

    def note_in(self, language: str) -> str:
        """Return the note about the change in this language; in the letter's own language if nobody translated it."""
        return (self.notes or {}).get(language) or self.note

    def cover_parts(self) -> tuple[str, ...]:
        """Return the parts that the fingerprint of its texts covers besides the words."""
        if self.cover_id is None:
            return ()
        # Performance: do not load the picture's bytes.
        digests = Revision.objects.filter(pk=self.pk).values_list("cover__digest", flat=True)
        return (str(digests.get()), self.cover_alt)

    @property
    def public_since(self) -> datetime | None:
        """Return when everyone could read it. First signatories may have read the first text earlier."""
        return self.letter.published_at if self.number == 1 else self.published_at


# How many published texts a letter can have. All are read at once: if only some were, many small corrections could hide
# what people signed.
MAX_TEXTS = 500


@dataclass(frozen=True)
class Addition:
    """A translation that was added after people had signed."""

    language: str
    # The revision in which it was added.
    revision: Revision
    # How many people signed before it existed, and how many since. None until the sequencer has counted.
    before: int | None
    since: int | None


@dataclass(frozen=True)
class History:
    """A letter's published texts, newest first, and how many people signed each, as readers of one language see it."""

    letter: Letter
    texts: Sequence[Revision]
    # The language of the page or file; empty for all languages.
    language: str = ""

    @classmethod
    def of(cls, letter: Letter, language: str = "") -> History:
        return cls(letter, list(letter.revisions.published()[:MAX_TEXTS]), language)

    @classmethod
    def of_changed(cls, letter: Letter, language: str = "") -> History | None:
        """Return the history; None if the text has never changed.

        That is so for most letters, and then no text is loaded.
        """
        changed = letter.current_revision and letter.current_revision.kind != Revision.Kind.FIRST
        return cls.of(letter, language) if changed else None

    @property
    def current(self) -> Revision | None:
        return self.texts[0] if self.texts else None

    @property
    def since(self) -> Revision | None:
        """Return the oldest text that says what the letter says now: later corrections say the same."""
        return next((text for text in self.texts if text.kind != Revision.Kind.CORRECTION), None)

    @property
    def has_changed(self) -> bool:
        """Return whether an earlier text, which people may have signed, said something else."""
        return self.since is not None and self.since.kind == Revision.Kind.SUBSTANCE

    def same_words_since(self) -> dict[str, int]:
        """Return, for each current language, since which text its words have been the same as now."""
        fingerprints = self._fingerprints
        since_number: dict[str, int] = {}
        for language, now in (fingerprints.get(self.texts[0].number, {}) if self.texts else {}).items():
            numbers = (text.number for text in self.texts)
            same = takewhile(lambda n: fingerprints.get(n, {}).get(language) == now, numbers)  # noqa: B023
            since_number[language] = list(same)[-1]
        return since_number

    def corrected_in_any_language(self) -> list[int]:
        """Return the numbers of texts of which at least one language has changed since."""
        since = self.same_words_since()
        texts = self._fingerprints.items()
        return [number for number, languages in texts if any(number < since.get(each, 0) for each in languages)]

    @cached_property
    def came_with(self) -> dict[str, Revision]:
        """Return, for each current language, the first text since which the letter has always had this language."""
        first_texts: dict[str, Revision] = {}
        languages = self._fingerprints
        for language in languages.get(self.texts[0].number, {}) if self.texts else {}:
            having = takewhile(lambda text: language in languages.get(text.number, {}), self.texts)  # noqa: B023
            first_texts[language] = list(having)[-1]
        return first_texts

    def came_later(self, language: str) -> Revision | None:
        """Return the text with which a translation was added after the first text.

        None if a change of substance has replaced it since: people who signed before that signed an earlier text, and
        are counted there.
        """
        text = self.came_with.get(language)
        return text if text and self.since and self.since.number <= text.number != self.texts[-1].number else None

    @cached_property
    def additions(self) -> list[Addition]:
        """Return the translations that were added after people had signed."""
        came = {language: self.came_later(language) for language in sorted(self.came_with)}
        added = [self._addition(language, text) for language, text in came.items() if text]
        return [each for each in added if each.before != 0]

    @property
    def added(self) -> Addition | None:
        """Return the addition that this reader sees, if their language is one."""
        return next((each for each in self.additions if each.language == self.language), None)

    def _addition(self, language: str, text: Revision) -> Addition:
        before = self._counted(earlier for earlier in self.texts if earlier.number < text.number)
        return Addition(language, text, before, None if before is None else self.letter.signature_count - before)

    def languages_after(self, number: int) -> list[str]:
        """Return the current languages that the letter did not yet have when people signed this text."""
        return sorted(language for language, text in self.came_with.items() if text.number > number)

    @cached_property
    def _fingerprints(self) -> dict[int, dict[str, bytes]]:
        """Return the fingerprints of the texts, by number and language."""
        by_revision: dict[int, dict[str, bytes]] = {}
        texts = Translation.objects.filter(revision__in=self.texts)
        for number, language, fingerprint in texts.values_list("revision__number", "language", "sha256"):
            by_revision.setdefault(number, {})[language] = bytes(fingerprint)
        return by_revision

    @property
    def signed_this(self) -> int | None:
        """Return how many people signed what the letter says now.

        If this translation came later, count only people who signed since. None until the sequencer has counted.
        """
        return self.added.since if self.added else self._signed_now

    @property
    def signed_earlier(self) -> int | None:
        """Return how many signatures belong to a text that said something else."""
        return None if self._signed_now is None else self.letter.signature_count - self._signed_now

    @property
    def _signed_now(self) -> int | None:
        return self._counted(text for text in self.texts if self.since and text.number >= self.since.number)

    def _counted(self, texts: Iterable[Revision]) -> int | None:
        """Add up the signatures of these texts.

        Race: the sequencer may have counted again since the letter was read.
        """
        counts = [text.signature_count for text in texts]
        return None if None in counts else min(sum(map(int, filter(None, counts))), self.letter.signature_count)


class Translation(models.Model):
    """The text of a revision in one language."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="translations")
    # BCP 47, for example "en" or "pt-BR".
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    # The addressee, as shown above the text.
    addressee = models.CharField(max_length=200)
    # One or two sentences for lists, shared links and search engines.
    summary = models.CharField(max_length=400, blank=True)
    # Markdown as the organizer typed it.
    body = models.TextField(max_length=100_000)
    # Rendered from `body` and sanitised when it was saved, so it is safe to show.
    html = models.TextField()
    # SHA-256 of the text and its cover (letters/shared/text.py, `digest`). Readers compare it to see that a text has
    # not changed.
    sha256 = models.BinaryField(max_length=32)
    # The `version` of the original that this text translates; empty if unknown.
    made_from = models.CharField(max_length=16, default="", db_default="", blank=True)

    class Meta:
        ordering = [F("language")]
        constraints = [
            models.UniqueConstraint("revision", "language", name="translation_once_a_language"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="translation_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.title

    def differences_from(self, older: Translation) -> tuple[Paragraph, ...]:
        """Return what changed for readers, as they see it, without Markdown: the summary, and all that the fingerprint
        covers.
        """
        return differences(*(text.as_read for text in (older, self)))

    @property
    def description(self) -> str:
        """Return the summary, or the first lines of the text, for shared links and lists. It is never empty."""
        return self.described(self.html)

    def described(self, html: str) -> str:
        """Return the description if only the HTML that `first_lines` reads has been loaded."""
        return self.summary or first_lines(html, base="") or self.title

    @property
    def as_read(self) -> str:
        """Return everything that readers see, as plain text. Links and pictures are followed by their addresses."""
        return "\n\n".join([self.addressee, self.title, self.summary, to_plain(self.html, base="")])

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 in the form in which people compare it."""
        return bytes(self.sha256).hex()

    @property
    def version(self) -> str:
        """Return a fingerprint of the text, which shows whether another member has changed it."""
        parts = [self.title, self.addressee, self.summary, self.body]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def is_behind(self, original: Translation) -> bool:
        """Return whether the original has changed since this translation was made."""
        return self.language != original.language and self.made_from not in {"", original.version}


def newest_titles() -> Subquery:
    """Return the titles that organizers know, for letters in a query, like `Letter.newest_title` for one."""
    titles = Translation.objects.filter(revision__letter=OuterRef("pk"), language=OuterRef("language"))
    return Subquery(titles.order_by("-revision__number").values("title")[:1])
