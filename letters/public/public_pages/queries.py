"""What the public pages read: bounded, and the same number of round trips however many have signed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Case, Count, F, Q, When

from letters.models import (
    COUNTED,
    UNDERWAY,
    AddresseeAnswer,
    Display,
    History,
    Letter,
    LetterDelivery,
    Revision,
    Signature,
    SignatureQuerySet,
    State,
    Transition,
    Translation,
    Update,
    User,
    has_carried,
    text_columns,
)
from letters.models.lifecycle import is_in
from letters.public.public_pages import latest_versions
from letters.shared.differences import Paragraph

PAGE_LENGTH = 100
NEWEST = 12
# So many of the first signatories stand on the letter's page; all of them are in the list.
FIRST = 100
LETTERS_ON_HOME = 50
# On the letter's own page; on one page of the archive; in the feed.
UPDATES_ON_LETTER = 3
UPDATES_ON_PAGE = 50
ENTRIES_IN_FEED = 20
# More than an addressee ever gave.
MAX_ANSWERS = 20


def public_letter(slug: str) -> Letter:
    """Raises Letter.DoesNotExist, also for drafts: what is not public does not exist."""
    letter = Letter.objects.public().select_related("collective", "current_revision").get(slug=slug)
    latest_versions.show(letter.pk, letter.version)
    return letter


def slug_now(old: str, asker: User | AnonymousUser | None) -> str:
    """Where a letter is now that was there; empty for what this person, or the public (None), may not know of."""
    letters = Letter.objects.filter(former_slugs__slug=old)
    letters = letters.public() if asker is None else letters.filter(collective__memberships__user=asker.pk)
    return letters.values_list("slug", flat=True).first() or ""


def translations(letter: Letter, revision: Revision | None = None) -> list[Translation]:
    """The languages of the current text, or of another, the original first; without the text itself."""
    texts = Translation.objects.filter(revision=revision or letter.current_revision).defer("body", "html", "summary")
    return sorted(texts, key=lambda text: (text.language != letter.language, text.language))


def text_of(letter: Letter, language: str, revision: Revision | None = None) -> Translation:
    """The current text, or another, in one language. Raises Translation.DoesNotExist."""
    return Translation.objects.defer("body").get(revision=revision or letter.current_revision, language=language)


@dataclass(frozen=True)
class FirstSignatures:
    signatures: list[Signature]
    # How many first signatories there are besides these, and how many signatures besides all of them.
    more: int
    others: int


def first_signatures(letter: Letter, changes: History | None) -> FirstSignatures:
    """Those who were invited before it opened. From an index of their own.

    Privacy: the named ones by their numbers, as in the list of all; then those whose name is withheld, by their salts,
    which are random and secret. By the order of the organizers' list everybody who has that list could name them.
    """
    place = Case(When(display=Display.PUBLIC, then=F("number")))
    signatures = _counted(letter, changes).filter(is_first=True, state=COUNTED)
    signatures = signatures.order_by(place.asc(nulls_last=True), "salt")
    shown = list(signatures[: FIRST + 1])
    number = signatures.count() if len(shown) > FIRST else len(shown)
    shown = shown[:FIRST]
    return FirstSignatures(shown, number - len(shown), max(0, letter.signature_count - number))


def letter_deliveries(letter: Letter) -> list[LetterDelivery]:
    """Its deliveries to the addressee, the newest first."""
    return list(letter.letter_deliveries.all()[:10])


@dataclass(frozen=True)
class PastText:
    """One text of the history: in the language that was asked for, else in the letter's own."""

    revision: Revision
    text: Translation | None


def past_texts(history: History, language: str) -> list[PastText]:
    """All of the history, the newest first; without the texts themselves."""
    languages = [history.letter.language, language]
    translations = Translation.objects.filter(revision__in=history.texts, language__in=languages)
    texts: dict[int, Translation] = {}
    for text in translations.only("revision_id", "language", "sha256"):
        if text.language == language or text.revision_id not in texts:
            texts[text.revision_id] = text
    return [PastText(revision, texts.get(revision.pk)) for revision in history.texts]


def published_revision(letter: Letter, number: int) -> Revision:
    """Raises Revision.DoesNotExist, also for one that is not published yet."""
    return letter.revisions.published().get(number=number)


def neighbours_of(revision: Revision, language: str) -> tuple[Revision | None, Revision | None]:
    """The published texts before and after this one, in a language."""
    others = Revision.objects.filter(letter=revision.letter_id, translations__language=language).published()
    return others.filter(number__lt=revision.number).first(), others.filter(number__gt=revision.number).last()


def changes_since(older: Revision, newer: Revision, language: str) -> tuple[Paragraph, ...]:
    """How two texts differ in a language that both are in."""
    both = Translation.objects.filter(revision__in=[older, newer], language=language)
    texts = {text.revision_id: text for text in both}
    return texts[newer.pk].differences_from(texts[older.pk])


def newest_signatures(letter: Letter, changes: History | None) -> list[Signature]:
    """But for the first signatories, who stand above them."""
    return list(_counted(letter, changes).published().filter(is_first=False)[:NEWEST])


def _counted(letter: Letter, changes: History | None) -> SignatureQuerySet:
    """Those that the letter's count knew of when it was read: the sequencer may have gone on since."""
    return Signature.objects.filter(letter=letter, number__lte=letter.last_number).with_signed_text(changes)


@dataclass(frozen=True)
class SignaturePage:
    signatures: list[Signature]
    # The number to go on before, if there are older ones; and whether this is not the newest page.
    older_before: int | None
    is_newest: bool


def signature_page(letter: Letter, changes: History | None, *, before: int | None) -> SignaturePage:
    """A page of the list by keyset: the last page costs what the first does."""
    signatures = _counted(letter, changes).numbered()
    if before is not None:
        signatures = signatures.filter(number__lt=before)
    rows = list(signatures[: PAGE_LENGTH + 1])
    page = rows[:PAGE_LENGTH]
    return SignaturePage(page, page[-1].number if len(rows) > PAGE_LENGTH else None, before is None)


# Rows of the list as data that are read at once.
NUMBERS_BATCH_SIZE = 2000
PUBLIC_COLUMNS = [
    *["number", "name", "affiliation", "role", "confirmed_domain", "published_on"],
    *["text", "before_translations", "signed_text", "carried_over"],
]


def public_rows(letter: Letter) -> Iterator[list[Sequence[object]]]:
    """What the list shows of the published ones, the first first, a piece at a time: as many as the count says.

    Who has the name withheld has affiliation and role withheld with it, as on the page.

    Privacy: days, never times. Whoever holds the log of a mail gateway would read from a time who signed.
    """
    changes = History.of_changed(letter)
    for after in range(0, letter.last_number, NUMBERS_BATCH_SIZE):
        upto = min(after + NUMBERS_BATCH_SIZE, letter.last_number)
        signatures = Signature.objects.filter(letter=letter, number__gt=after, number__lte=upto)
        rows = signatures.published().order_by("number").with_signed_text(changes).select_related("revision")
        yield [_public_row(signature, letter, changes) for signature in rows.annotate(has_carried=has_carried())]


def _public_row(signature: Signature, letter: Letter, changes: History | None) -> Sequence[object]:
    who = (signature.name, signature.affiliation, signature.role) if signature.public_name else ("", "", "")
    published_on = letter.day_of(signature.published_at) or ""
    return [signature.number, *who, signature.domain, published_on, *text_columns(signature, changes)]


@dataclass(frozen=True)
class UpdatePage:
    """A page of updates that everyone may read, newest first, without their texts."""

    updates: list[Update]
    # Where the next page starts: older updates have lower ids. None if there are none.
    older_before: int | None


def public_updates(letter: Letter, *, before: int | None = None, most: int = UPDATES_ON_PAGE) -> UpdatePage:
    updates = Update.objects.public().filter(letter=letter).defer("body", "html")
    if before is not None:
        updates = updates.filter(pk__lt=before)
    rows = list(updates[: most + 1])
    for update in rows:
        update.letter = letter
    return UpdatePage(rows[:most], rows[most - 1].pk if len(rows) > most else None)


def public_update(letter: Letter, update_id: int) -> Update:
    """Raises Update.DoesNotExist, also for drafts and for what went by mail only: what is not public does not exist."""
    update = Update.objects.public().defer("body").get(pk=update_id, letter=letter)
    update.letter = letter
    return update


def answers(letter: Letter) -> list[AddresseeAnswer]:
    """What the addressee has answered, the newest first."""
    return list(AddresseeAnswer.objects.public().filter(letter=letter).defer("body")[:MAX_ANSWERS])


def newest_public_updates(letter: Letter) -> list[Update]:
    """With their texts, for the feed."""
    return list(Update.objects.public().filter(letter=letter).defer("body")[:ENTRIES_IN_FEED])


def changes_of_text(letter: Letter) -> list[Revision]:
    """Revisions after the first that the public has seen, the newest first."""
    seen = Revision.objects.filter(letter=letter, published_at__isnull=False, number__gt=1)
    return list(seen.order_by("-number")[:ENTRIES_IN_FEED])


@dataclass(frozen=True)
class OpenLetter:
    letter: Letter
    text: Translation

    @property
    def url(self) -> str:
        return self.letter.get_absolute_url(self.text.language)


def open_letters(now: datetime, language: str) -> list[OpenLetter]:
    """Letters that take signatures now, the newest first, each in `language` if it has been translated."""
    letters = list(Letter.objects.open_at(now).select_related("collective").order_by("-published_at")[:LETTERS_ON_HOME])
    for letter in letters:
        latest_versions.show(letter.pk, letter.version)
    texts: dict[int, dict[str, Translation]] = {}
    shown = Translation.objects.filter(revision__in=[letter.current_revision_id or 0 for letter in letters])
    for text in shown.defer("body", "html"):
        texts.setdefault(text.revision_id, {})[text.language] = text
    of_letter = [(letter, texts[letter.current_revision_id or 0]) for letter in letters]
    return [
        OpenLetter(letter, by_language.get(language) or by_language[letter.language])
        for letter, by_language in of_letter
    ]


def awaiting(letter_id: int) -> tuple[int, int]:
    """How many signatures await their signer, and how many a moderator. Read from a small index."""
    underway = Signature.objects.filter(letter_id=letter_id, state__in=UNDERWAY)
    counts = underway.aggregate(
        confirmation=Count("pk", filter=Q(state=State.PENDING)),
        review=Count("pk", filter=Q(state=State.HELD)),
    )
    return counts["confirmation"], counts["review"]


def letters_behind() -> list[int]:
    """Ids of letters whose rows say something that their counters do not say yet."""
    return [letter.pk for letter in Letter.objects.raw(BEHIND)]


# The two partial indexes hold only signatures on their way, so this costs what is under way, not what has been.
BEHIND = f"""
WITH underway AS (
    SELECT letter_id,
        count(*) FILTER (WHERE {is_in([State.PENDING])}) AS pending,
        count(*) FILTER (WHERE {is_in([State.HELD])}) AS held
    FROM letters_signature WHERE {is_in(UNDERWAY)} GROUP BY letter_id
)
SELECT letter.id
FROM letters_letter AS letter LEFT JOIN underway ON underway.letter_id = letter.id
WHERE letter.awaiting_confirmation <> coalesce(underway.pending, 0)
   OR letter.awaiting_review <> coalesce(underway.held, 0)
   OR EXISTS (SELECT FROM letters_signature WHERE letter_id = letter.id AND {Transition.NUMBER.came_from()})
   OR EXISTS (SELECT FROM letters_signature WHERE letter_id = letter.id AND counted AND NOT {is_in([COUNTED])})
   OR EXISTS (SELECT FROM letters_signature WHERE letter_id = letter.id AND NOT counted AND {is_in([COUNTED])})
   OR EXISTS (SELECT FROM letters_revision WHERE letter_id = letter.id AND signature_count IS NULL)
"""  # noqa: S608 -- our own statement


def drifted_letters() -> list[tuple[int, int, int]]:
    """Id, count kept and count found of each letter where they differ. Reads every signature: for the night."""
    # Not by state: what was withdrawn a moment ago still counts until the sequencer has taken it out.
    counted = Count("signatures", filter=Q(signatures__counted=True))
    counts = Letter.objects.annotate(found=counted).exclude(found=F("signature_count"))
    return list(counts.values_list("pk", "signature_count", "found"))


# In one statement, so that both sides are of one moment.
DRIFTED_TEXTS = """
WITH found AS (SELECT revision_id, count(*) AS many FROM letters_signature WHERE counted GROUP BY revision_id)
SELECT id, signature_count, coalesce(many, 0)
FROM letters_revision LEFT JOIN found ON revision_id = id
WHERE signature_count <> coalesce(many, 0)
"""


def drifted_texts() -> list[tuple[int, int, int]]:
    """The same for each text, by the id of its revision."""
    with connection.cursor() as cursor:
        cursor.execute(DRIFTED_TEXTS)
        return list(cursor.fetchall())
