"""Read the queue of texts, and one of them as its readers see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from letters.base.letter_reviews.queries import fingerprint_of
from letters.models import Letter, LetterReview, Revision, Translation, User
from letters.shared.differences import Paragraph

MAX_LISTED = 50
MAX_EARLIER = 20


def reviews_waiting() -> list[LetterReview]:
    """Return the texts that wait for a site moderator, the one that has waited longest first."""
    waiting = LetterReview.objects.waiting().select_related("letter__collective", "revision")
    found = list(waiting.order_by("asked_at", "pk")[:MAX_LISTED])
    return [review for review in found if not review.is_before or _is_as_asked(review)]


def _is_as_asked(review: LetterReview) -> bool:
    """Privacy: what organizers have written since they asked is a draft again, which nobody outside may read."""
    return bytes(review.fingerprint) == fingerprint_of(review.revision)


def review_for(moderator: User, review_id: int) -> LetterReview:
    """Return a text that waits. Raises LetterReview.DoesNotExist for everyone but site moderators, and otherwise."""
    if not moderator.moderates_site_now():
        raise LetterReview.DoesNotExist
    waiting = LetterReview.objects.waiting().select_related("letter__collective", "revision__cover")
    review = waiting.get(pk=review_id)
    if not _is_as_asked(review):
        raise LetterReview.DoesNotExist
    return review


def next_after(decided: LetterReview) -> LetterReview | None:
    """Return the text that has waited longest."""
    return next((each for each in reviews_waiting() if each.pk != decided.pk), None)


@dataclass(frozen=True)
class ShownText:
    """The text in one language, and what is new in it."""

    text: Translation
    changes: Sequence[Paragraph]
    is_new: bool


def texts_of(review: LetterReview) -> list[ShownText]:
    """Return the text in each language, the original first, compared with what readers had before."""
    older = _compared_with(review)
    before = {text.language: text for text in older.translations.all()} if older else {}
    own = review.letter.language
    texts = sorted(review.revision.translations.all(), key=lambda text: (text.language != own, text.language))
    return [_shown(text, before) for text in texts]


def _shown(text: Translation, before: Mapping[str, Translation]) -> ShownText:
    older = before.get(text.language)
    changes = text.differences_from(older) if older else ()
    return ShownText(text, changes, is_new=bool(before) and older is None)


def _compared_with(review: LetterReview) -> Revision | None:
    """Return the newest text before this one that a moderator has found fine, or else the one before it."""
    if review.kind == LetterReview.Kind.FIRST and review.revision.number == 1:
        return None
    earlier = review.letter.revisions.published().filter(number__lt=review.revision.number)
    fine = LetterReview.objects.filter(letter=review.letter, outcome=LetterReview.Outcome.FINE)
    return earlier.filter(pk__in=fine.values("revision")).first() or earlier.first()


@dataclass(frozen=True)
class Publisher:
    """Facts about a collective: only those that its public pages and our own decisions tell."""

    since: datetime
    # Its other public letters, newest first.
    letters: list[Letter]
    # The number of times that a site moderator has sent a text back or taken a letter down.
    sent_back: int
    taken_down: int


def publisher_of(review: LetterReview) -> Publisher:
    collective = review.letter.collective
    others = Letter.objects.public().filter(collective=collective).exclude(pk=review.letter_id)
    decided = LetterReview.objects.filter(letter__collective=collective)
    return Publisher(
        since=collective.created_at,
        letters=list(others.select_related("current_revision").order_by("-published_at")[:MAX_EARLIER]),
        sent_back=decided.filter(outcome=LetterReview.Outcome.SENT_BACK).count(),
        taken_down=Letter.objects.filter(collective=collective, takedowns__isnull=False).distinct().count(),
    )
