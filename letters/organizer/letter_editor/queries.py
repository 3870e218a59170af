"""Read the letters of organizers, and the text that they are writing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Lower

from letters.base.changes.bin import KEPT_IN_BIN
from letters.models import (
    OWNING,
    WRITING,
    Collective,
    DraftLink,
    Letter,
    LetterMove,
    Membership,
    Revision,
    Translation,
    User,
    newest_titles,
)
from letters.shared.languages import direction, language_name
from letters.shared.late_translations import added_sentence
from letters.shared.tokens import read_draft_token


def collectives_of(person: User) -> list[Collective]:
    return list(Collective.objects.filter(memberships__user=person).order_by("name")[:200])


# The start page shows at most this many offers.
MAX_OFFERS = 20

ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": ("-created_at",),
    "title": (Lower("known_as"), "-created_at"),
    "signatures": ("-signature_count", "-created_at"),
}


def letters_of(person: User, order: str = "newest") -> list[Letter]:
    """Return the letters of the collectives that a person belongs to, in one of ORDERS."""
    letters = Letter.objects.cared_for_by(person, Membership.Role.values)
    return list(letters.annotate(known_as=newest_titles()).order_by(*ORDERS[order])[:200])


@dataclass(frozen=True)
class BinnedDraft:
    """A draft in the bin, for one of its writers."""

    letter: Letter
    deleted_on: datetime
    is_owner: bool


def binned_draft(person: User, slug: str) -> Letter | None:
    """Return one draft in the bin that a person may restore."""
    drafts = Letter.objects.binned_of(person, WRITING).annotate(known_as=newest_titles())
    return drafts.filter(slug=slug).first() if slug else None


def binned_drafts_of(person: User) -> list[BinnedDraft]:
    """Return the drafts in the bin that a person may restore, the newest first."""
    letters = Letter.objects.binned_of(person, WRITING).annotate(known_as=newest_titles()).order_by("-binned_at")[:200]
    owned = set(person.memberships.filter(role__in=OWNING).values_list("collective", flat=True))
    return [
        BinnedDraft(letter, letter.binned_at + KEPT_IN_BIN, letter.collective_id in owned)
        for letter in letters
        if letter.binned_at
    ]


def former_slugs(letter: Letter) -> list[str]:
    """Return the slugs that the letter had before, newest first."""
    return list(letter.former_slugs.order_by("-created_at").values_list("slug", flat=True)[:50])


def letters_due(now: datetime) -> list[int]:
    """Return the ids of scheduled letters that are due.

    Letters that have not failed yet come first. The others are in random order, so that a letter that can now be
    published does not wait behind letters that cannot.
    """
    due = Letter.objects.filter(status=Letter.Status.DRAFT, publish_at__lte=now)
    new = due.filter(publish_refused="").order_by("publish_at").values_list("pk", flat=True)[:100]
    tried = due.exclude(publish_refused="").order_by("?").values_list("pk", flat=True)[:100]
    return [*new, *tried]


@dataclass(frozen=True)
class Manuscript:
    """The newest revision of a letter, published or not, in all its languages."""

    letter: Letter
    revision: Revision
    texts: dict[str, Translation]
    # The languages in which readers already have the letter.
    public: set[str]

    @property
    def original(self) -> Translation:
        return self.texts[self.letter.language]

    @property
    def is_open(self) -> bool:
        """Return whether the revision can still be changed, because readers do not have it yet."""
        return self.revision.published_at is None

    @property
    def languages(self) -> list["Language"]:
        """Return the languages, the original first."""
        ordered = sorted(self.texts, key=lambda code: (code != self.letter.language, code))
        return [self.language(code) for code in ordered]

    @property
    def behind(self) -> list[str]:
        """Return the names of the languages whose original has changed since they were translated."""
        return [each.name for each in self.languages if each.is_behind]

    @property
    def missing(self) -> list[str]:
        """Return the names of the languages that readers have and this revision lacks."""
        return [language_name(code) for code in sorted(self.public - self.texts.keys())]

    def language(self, code: str) -> "Language":
        text = self.texts.get(code)
        return Language(
            code=code,
            name=language_name(code),
            direction=direction(code),
            text=text,
            is_original=code == self.letter.language,
            is_behind=bool(text and text.is_behind(self.original)),
            lacks_summary=bool(text and self.original.summary and not text.summary),
            is_public=code in self.public,
        )


@dataclass(frozen=True)
class Language:
    """The progress of a letter in one language."""

    code: str
    name: str
    direction: str
    # None if nobody has begun the translation.
    text: Translation | None
    is_original: bool
    # The original has changed since this translation was made.
    is_behind: bool
    # The original has a summary, and this translation has none.
    lacks_summary: bool
    is_public: bool


def manuscript(letter: Letter) -> Manuscript:
    """Load the newest revision.

    Raises Translation.DoesNotExist if it has no text in the letter's own language.
    """
    revision = letter.revisions.latest("number")
    texts = {text.language: text for text in revision.translations.all()}
    if letter.language not in texts:
        raise Translation.DoesNotExist
    public = Translation.objects.filter(revision=letter.current_revision_id or 0).values_list("language", flat=True)
    return Manuscript(letter, revision, texts, set(public))


@dataclass(frozen=True)
class NewLanguages:
    """Translations that readers would first get with this revision, after people have signed the letter."""

    names: list[str]
    # The sentence that their pages would show if the revision were published now.
    sentence: str


def new_languages(manuscript: Manuscript, now: datetime) -> NewLanguages | None:
    """Return the translations that this revision adds; None if their pages would say nothing about them."""
    letter = manuscript.letter
    names = [each.name for each in manuscript.languages if not each.is_public]
    if not names or not letter.current_revision_id or not letter.signature_count or not manuscript.is_open:
        return None
    return NewLanguages(names, added_sentence(letter.day_of(now), before=letter.signature_count))


@dataclass(frozen=True)
class ShownLink:
    """A draft link, as its collective sees it."""

    link: DraftLink
    is_active: bool


def draft_links_of(letter: Letter, now: datetime) -> list[ShownLink]:
    """Return a letter's draft links: first those that work, then those that have ended."""
    active = set(letter.draft_links.active(now).values_list("pk", flat=True))
    links = letter.draft_links.select_related("created_by").order_by("-pk")[:200]
    shown = [ShownLink(link, link.pk in active) for link in links]
    return sorted(shown, key=lambda each: not each.is_active)


def draft_link_of(token: str, now: datetime) -> DraftLink | None:
    """Return the link with this token, if it works now."""
    read = read_draft_token(token)
    if read is None:
        return None
    link = DraftLink.objects.active(now).filter(pk=read.link_id).select_related("letter__collective").first()
    return link if link and read.matches(link.salt) else None


def offers_to(person: User, now: datetime) -> list[LetterMove]:
    """Return the letters that are offered to a person's own collectives."""
    offers = LetterMove.objects.open_at(now).offered_to(person).select_related("target")
    return list(offers.order_by("-pk")[:MAX_OFFERS])
