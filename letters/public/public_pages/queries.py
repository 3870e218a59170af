"""Queries for the public pages. Performance: each is bounded, and more signatures cause no more queries."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Prefetch, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Left

from letters.base.public_letters import queries as base
from letters.models import (
    AddresseeAnswer,
    Collective,
    Display,
    ErrorRate,
    History,
    Letter,
    LetterDelivery,
    Picture,
    Revision,
    Signature,
    SignatureQuerySet,
    TakeDown,
    Translation,
    Update,
    UpdateTranslation,
    User,
    numbers_of_affiliation,
    public_numbers,
)
from letters.public.public_pages import latest_versions
from letters.shared.compiled_queries import CompiledQuery
from letters.shared.differences import Paragraph
from letters.shared.plain_text import START
from letters.shared.sql import fetch_rows

PAGE_LENGTH = 100
MAX_LETTERS_ON_HOME = 50
# Updates on the letter's own page and on one page of the archive; entries in the feed.
UPDATES_ON_LETTER = 3
UPDATES_ON_PAGE = 50
ENTRIES_IN_FEED = 20
# A letter's page shows at most this many answers of the addressee, and times that it was delivered.
MAX_ANSWERS = 20
MAX_DELIVERIES = 10


def public_letter(slug: str) -> Letter:
    """Return a public letter, and note its version. Raises Letter.DoesNotExist."""
    letter = base.public_letter(slug)
    latest_versions.note_shown(letter.pk, letter.version)
    return letter


def current_slug(former_slug: str, user: User | AnonymousUser | None) -> str:
    """Return the current slug of the letter that had this slug before.

    Privacy: return an empty string if `user`, or the public (None), may not know of the letter.
    """
    letters = Letter.objects.filter(former_slugs__slug=former_slug)
    letters = letters.public() if user is None else letters.filter(collective__memberships__user=user.pk)
    return letters.values_list("slug", flat=True).first() or ""


def translations(letter: Letter, revision: Revision | None = None) -> list[Translation]:
    """Return the translations of a revision (the current one by default), the original first, without their texts."""
    texts = TITLES.all(revision=revision.pk if revision else letter.current_revision_id or 0)
    return sorted(texts, key=lambda text: (text.language != letter.language, text.language))


def letter_deliveries(letter: Letter) -> list[LetterDelivery]:
    """Return the letter deliveries, newest first."""
    return DELIVERIES.all(letter=letter.pk)


def past_takedowns(letter: Letter) -> list[TakeDown]:
    """Return earlier take-downs, each of which ended with a restoration."""
    return list(letter.takedowns.filter(restored_at__isnull=False).order_by("pk"))


@dataclass(frozen=True)
class PastText:
    """One text of the history, in the requested language, otherwise in the letter's own."""

    revision: Revision
    text: Translation | None


def past_texts(history: History, language: str) -> list[PastText]:
    """Return the whole history, newest text first, without the texts themselves."""
    languages = [history.letter.language, language]
    translations = Translation.objects.filter(revision__in=history.texts, language__in=languages)
    texts: dict[int, Translation] = {}
    for text in translations.only("revision_id", "language", "sha256"):
        if text.language == language or text.revision_id not in texts:
            texts[text.revision_id] = text
    return [PastText(revision, texts.get(revision.pk)) for revision in history.texts]


def published_revision(letter: Letter, number: int) -> Revision:
    """Return a published revision. Raise Revision.DoesNotExist also if it is not published yet."""
    return letter.revisions.published().get(number=number)


def neighbours_of(revision: Revision, language: str) -> tuple[Revision | None, Revision | None]:
    """Return the published revisions before and after this one that have a text in this language."""
    others = Revision.objects.filter(letter=revision.letter_id, translations__language=language).published()
    return others.filter(number__lt=revision.number).first(), others.filter(number__gt=revision.number).last()


def changes_since(older: Revision, newer: Revision, language: str) -> tuple[Paragraph, ...]:
    """Return how two revisions differ in a language that both have."""
    both = Translation.objects.filter(revision__in=[older, newer], language=language)
    texts = {text.revision_id: text for text in both}
    return texts[newer.pk].differences_from(texts[older.pk])


def counted(letter: Letter, changes: History | None) -> SignatureQuerySet:
    """Return the signatures that the letter's count includes.

    Race: the sequencer may have published more since the letter was read. Without this filter, the page would list more
    names than it counts.
    """
    return counted_to(letter.pk, letter.last_number, changes)


def counted_to(letter_id: int, last_number: int, changes: History | None) -> SignatureQuerySet:
    """Do the same for a letter that counted up to this number."""
    return Signature.objects.filter(letter=letter_id, number__lte=last_number).with_signed_text(changes)


# Performance: all that a page of the list shows (templatetags/names.py). Other columns would take longer to load.
SHOWN = [
    *["number", "state", "counted", "display", "verified", "is_first", "name", "affiliation", "role", "entrusted"],
    *["domain", "comment", "comment_for", "comment_hidden"],
]


@dataclass(frozen=True)
class SignaturePage:
    signatures: list[Signature]
    # Where the next page starts: older signatures have lower numbers. None if there are none.
    older_before: int | None
    is_newest: bool


def signature_page(letter: Letter, changes: History | None, *, before: int | None) -> SignaturePage:
    """Return a page of the list. Keyset pagination by sequence number: the last page costs as little as the first."""
    signatures = counted(letter, changes).numbered().only(*SHOWN)
    if before is not None:
        signatures = signatures.filter(number__lt=before)
    rows = list(signatures[: PAGE_LENGTH + 1])
    page = rows[:PAGE_LENGTH]
    return SignaturePage(page, page[-1].number if len(rows) > PAGE_LENGTH else None, before is None)


def found_page(letter: Letter, changes: History | None, words: Collection[str], *, before: int | None) -> SignaturePage:
    """Return a page of the signatures whose public name or affiliation has words that begin with these.

    Privacy: a withheld name is never found, nor is anything else about its signature.
    """
    below = min(before or letter.last_number + 1, letter.last_number + 1)
    numbers = public_numbers(letter.pk, words, below=below, most=PAGE_LENGTH + 1)
    return _shown(letter, changes, numbers, is_newest=before is None)


def page_of_affiliation(
    letter: Letter, changes: History | None, affiliation: str, *, before: int | None
) -> SignaturePage:
    """Return a page of the public names with one affiliation, and of no other."""
    below = min(before or letter.last_number + 1, letter.last_number + 1)
    numbers = numbers_of_affiliation(letter.pk, affiliation, below=below, most=PAGE_LENGTH + 1)
    return _shown(letter, changes, numbers, is_newest=before is None)


def _shown(letter: Letter, changes: History | None, numbers: list[int], *, is_newest: bool) -> SignaturePage:
    """Privacy: a name that was withheld a moment ago is not shown."""
    page = numbers[:PAGE_LENGTH]
    shown = counted(letter, changes).published().filter(number__in=page, display=Display.PUBLIC).only(*SHOWN)
    return SignaturePage(list(shown), page[-1] if len(numbers) > PAGE_LENGTH else None, is_newest)


@dataclass(frozen=True)
class UpdatePage:
    """A page of updates that everyone may read, newest first, without their texts."""

    updates: list[Update]
    # Where the next page starts: older updates have lower ids. None if there are none.
    older_before: int | None


def public_updates(letter: Letter, *, before: int | None = None) -> UpdatePage:
    """Return a page of the archive."""
    updates = _updates(letter.pk) if before is None else _updates(letter.pk).filter(pk__lt=before)
    return _update_page(letter, list(updates[: UPDATES_ON_PAGE + 1]), UPDATES_ON_PAGE)


def updates_on_letter(letter: Letter) -> UpdatePage:
    """Return the newest updates, for the letter's own page."""
    return _update_page(letter, NEWEST_UPDATES.all(letter=letter.pk), UPDATES_ON_LETTER)


def _updates(letter_id: int) -> QuerySet[Update]:
    return Update.objects.public().filter(letter=letter_id).defer("body", "html")


def _update_page(letter: Letter, rows: list[Update], most: int) -> UpdatePage:
    """Return the page of these rows, one more than it shows if there are older ones."""
    if rows:
        prefetch_related_objects(rows, Prefetch("translations", UpdateTranslation.objects.defer("body", "html")))
    for update in rows:
        update.letter = letter
    return UpdatePage(rows[:most], rows[most - 1].pk if len(rows) > most else None)


def public_update(letter: Letter, update_id: int) -> Update:
    """Return a public update. Raise Update.DoesNotExist also for drafts and for updates that were only emailed."""
    update = _public_texts(letter).get(pk=update_id)
    update.letter = letter
    return update


def answers(letter: Letter) -> list[AddresseeAnswer]:
    """Return the addressee's public answers, newest first."""
    return ANSWERS.all(letter=letter.pk)


def newest_public_updates(letter: Letter) -> list[Update]:
    """Return the newest public updates with their texts, for the feed."""
    return list(_public_texts(letter)[:ENTRIES_IN_FEED])


def _public_texts(letter: Letter) -> QuerySet[Update]:
    """Select public updates with their texts in all languages, and their corrections."""
    translations = Prefetch("translations", UpdateTranslation.objects.defer("body"))
    return Update.objects.public().filter(letter=letter).defer("body").prefetch_related(translations, "corrections")


def changes_of_text(letter: Letter) -> list[Revision]:
    """Return the published revisions after the first, newest first."""
    seen = Revision.objects.filter(letter=letter, published_at__isnull=False, number__gt=1)
    return list(seen.order_by("-number")[:ENTRIES_IN_FEED])


@dataclass(frozen=True)
class OpenLetter:
    letter: Letter
    text: Translation

    @property
    def url(self) -> str:
        return self.letter.get_absolute_url(self.text.language)

    @property
    def description(self) -> str:
        """Return what `Translation.description` says, from the beginning of the text alone."""
        return self.text.described(self.text.start)  # type: ignore[attr-defined]  # annotated by `open_letters`

    @property
    def cover(self) -> Picture | None:
        """Return the picture above its text, which is loaded with the letter."""
        return Picture.above(self.letter.current_revision)


def open_letters(now: datetime, language: str, *, collective: Collective | None = None) -> list[OpenLetter]:
    """Return letters that take signatures now, newest first, each in `language` if it has a translation.

    With a collective, return its letters alone.
    """
    taking = Letter.objects.open_at(now)
    letters = list(
        (taking.filter(collective=collective) if collective else taking)
        .select_related("collective", "current_revision__cover")
        .defer("current_revision__cover__full", "current_revision__cover__small")
        .order_by("-published_at")[:MAX_LETTERS_ON_HOME]
    )
    for letter in letters:
        latest_versions.note_shown(letter.pk, letter.version)
    texts: dict[int, dict[str, Translation]] = {}
    shown = Translation.objects.filter(revision__in=[letter.current_revision_id or 0 for letter in letters])
    for text in shown.annotate(start=Left("html", START)).defer("body", "html"):
        texts.setdefault(text.revision_id, {})[text.language] = text
    of_letter = [(letter, texts[letter.current_revision_id or 0]) for letter in letters]
    return [
        OpenLetter(letter, by_language.get(language) or by_language[letter.language])
        for letter, by_language in of_letter
    ]


def drifted_letters() -> list[tuple[int, int, int]]:
    """Return id, stored and actual count of each letter where they differ. Reads every signature: run it at night."""
    # Do not count by state: a withdrawn signature counts until the sequencer has taken it out.
    counted = Count("signatures", filter=Q(signatures__counted=True))
    counts = Letter.objects.annotate(found=counted).exclude(found=F("signature_count"))
    return list(counts.values_list("pk", "signature_count", "found"))


# Race: one statement, so that both counts are from the same moment.
DRIFTED_TEXTS = """
WITH found AS (SELECT revision_id, count(*) AS many FROM letters_signature WHERE counted GROUP BY revision_id)
SELECT id, signature_count, coalesce(many, 0)
FROM letters_revision LEFT JOIN found ON revision_id = id
WHERE signature_count <> coalesce(many, 0)
"""


def drifted_texts() -> list[tuple[int, int, int]]:
    """Return the same for each text, by the id of its revision."""
    return [(revision_id, counted, found) for revision_id, counted, found in fetch_rows(DRIFTED_TEXTS)]


# Privacy: a rate among fewer decisions could tell about one of them.
LEAST_CHECKED_OF_SITE = 10


def public_error_rate() -> ErrorRate | None:
    """Return the error rate of the site's moderators; None if too few decisions were checked."""
    return ErrorRate.objects.filter(checked__gte=LEAST_CHECKED_OF_SITE).first()


# Performance: every letter's page asks these, and most letters have none of what the last three find.
TITLES = CompiledQuery(
    lambda revision: Translation.objects.filter(revision=revision).defer("body", "html", "summary"), revision=int
)
DELIVERIES = CompiledQuery(lambda letter: LetterDelivery.objects.filter(letter=letter)[:MAX_DELIVERIES], letter=int)
ANSWERS = CompiledQuery(
    lambda letter: AddresseeAnswer.objects.public().filter(letter=letter).defer("body")[:MAX_ANSWERS], letter=int
)
NEWEST_UPDATES = CompiledQuery(lambda letter: _updates(letter)[: UPDATES_ON_LETTER + 1], letter=int)
