"""What the public pages read: bounded, and the same number of round trips however many have signed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q

from letters.models import Answer, Letter, Revision, Signature, SignatureQuerySet, Translation, Update

PAGE_LENGTH = 100
NEWEST = 12
LETTERS_ON_HOME = 50
# On the letter's own page; on one page of the archive; in the feed.
NEWS_ON_LETTER = 3
NEWS_ON_PAGE = 50
ENTRIES_IN_FEED = 20
# More than an addressee ever gave.
MOST_ANSWERS = 20


def public_letter(slug: str) -> Letter:
    """Raises Letter.DoesNotExist, also for drafts: what is not public does not exist."""
    return Letter.objects.public().select_related("collective", "current_revision").get(slug=slug)


def translations(letter: Letter) -> list[Translation]:
    """The languages of the current text, the original first; without the text itself."""
    found = Translation.objects.filter(revision=letter.current_revision).defer("body", "html", "summary")
    return sorted(found, key=lambda text: (text.language != letter.language, text.language))


def text_of(letter: Letter, language: str) -> Translation:
    """The current text in one language. Raises Translation.DoesNotExist."""
    return Translation.objects.defer("body").get(revision=letter.current_revision, language=language)


def newest_signatures(letter: Letter) -> list[Signature]:
    return list(_counted(letter).published()[:NEWEST])


def _counted(letter: Letter) -> SignatureQuerySet:
    """Those that the letter's count knew of when it was read: the sequencer may have gone on since."""
    return Signature.objects.filter(letter=letter, number__lte=letter.last_number)


@dataclass(frozen=True)
class SignaturePage:
    signatures: list[Signature]
    # The number to go on before, if there are older ones; and whether this is not the newest page.
    older_before: int | None
    is_newest: bool


def signature_page(letter: Letter, *, before: int | None) -> SignaturePage:
    """A page of the list by keyset: the last page costs what the first does."""
    found = _counted(letter).numbered()
    if before is not None:
        found = found.filter(number__lt=before)
    rows = list(found[: PAGE_LENGTH + 1])
    page = rows[:PAGE_LENGTH]
    return SignaturePage(page, page[-1].number if len(rows) > PAGE_LENGTH else None, before is None)


@dataclass(frozen=True)
class News:
    """A page of what was written to the signers and everybody may read, the newest first, without the texts."""

    updates: list[Update]
    # The id to go on before, if there are older ones.
    older_before: int | None


def news(letter: Letter, *, before: int | None = None, most: int = NEWS_ON_PAGE) -> News:
    found = Update.objects.public().filter(letter=letter).defer("body", "html")
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: most + 1])
    for update in rows:
        update.letter = letter
    return News(rows[:most], rows[most - 1].pk if len(rows) > most else None)


def public_update(letter: Letter, update_id: int) -> Update:
    """Raises Update.DoesNotExist, also for drafts and for what went by mail only: what is not public does not exist."""
    update = Update.objects.public().defer("body").get(pk=update_id, letter=letter)
    update.letter = letter
    return update


def answers(letter: Letter) -> list[Answer]:
    """What the addressee has answered, the newest first."""
    return list(Answer.objects.public().filter(letter=letter).defer("body")[:MOST_ANSWERS])


def newest_texts_of_news(letter: Letter) -> list[Update]:
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
    texts: dict[int, dict[str, Translation]] = {}
    shown = Translation.objects.filter(revision__in=[letter.current_revision_id or 0 for letter in letters])
    for text in shown.defer("body", "html"):
        texts.setdefault(text.revision_id, {})[text.language] = text
    of_letter = [(letter, texts[letter.current_revision_id or 0]) for letter in letters]
    return [OpenLetter(letter, found.get(language) or found[letter.language]) for letter, found in of_letter]


def awaiting(letter_id: int) -> tuple[int, int]:
    """How many signatures await their signer, and how many a moderator. Read from a small index."""
    underway = Signature.objects.filter(letter_id=letter_id, state__in=["pending", "held"])
    counts = underway.aggregate(
        confirmation=Count("pk", filter=Q(state=Signature.State.PENDING)),
        review=Count("pk", filter=Q(state=Signature.State.HELD)),
    )
    return counts["confirmation"], counts["review"]


def letters_behind() -> list[int]:
    """Ids of letters whose rows say something that their counters do not say yet."""
    return [letter.pk for letter in Letter.objects.raw(BEHIND)]


# The two partial indexes hold only signatures on their way, so this costs what is under way, not what has been.
BEHIND = """
WITH underway AS (
    SELECT letter_id,
        count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'held') AS held
    FROM letters_signature WHERE state IN ('pending', 'held') GROUP BY letter_id
)
SELECT letter.id
FROM letters_letter AS letter LEFT JOIN underway ON underway.letter_id = letter.id
WHERE letter.awaiting_confirmation <> coalesce(underway.pending, 0)
   OR letter.awaiting_review <> coalesce(underway.held, 0)
   OR EXISTS (SELECT FROM letters_signature WHERE letter_id = letter.id AND state = 'confirmed')
   OR EXISTS (SELECT FROM letters_signature WHERE letter_id = letter.id AND counted AND state <> 'published')
   OR EXISTS (SELECT FROM letters_signature WHERE letter_id = letter.id AND NOT counted AND state = 'published')
"""


def drifted_letters() -> list[tuple[int, int, int]]:
    """Id, count kept and count found of each letter where they differ. Reads every signature: for the night."""
    # Not by state: what was withdrawn a moment ago still counts until the sequencer has taken it out.
    counted = Count("signatures", filter=Q(signatures__counted=True))
    counts = Letter.objects.annotate(found=counted).exclude(found=F("signature_count"))
    return list(counts.values_list("pk", "signature_count", "found"))
