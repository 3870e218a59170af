from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from letters.models.collective import Collective
from letters.models.display import Display
from letters.models.letter_choices import Ask, HoldFrom, Indexing
from letters.models.moderation_account import ModerationAccount, StoredAccount
from letters.models.retention import Retained
from letters.models.user import User
from letters.shared.localized_paths import localized_url
from letters.shared.numbers import in_tens
from letters.shared.refused import Refusal

# A person who signed in time can confirm for this long after the letter has closed.
GRACE_AFTER_CLOSING = timedelta(hours=24)
# Withdrawing a letter can be undone for this long.
UNDONE_WITHIN = timedelta(days=1)


def every_display() -> list[str]:
    return list(Display.values)


# The pages of a letter that are lists of names, by their name in urls.py.
LISTS_OF_NAMES = ("signatures", "signatures_csv", "signatures_json", "all_signatures_json", "mirror_zip", "mirror_file")


class LetterQuerySet(models.QuerySet["Letter"]):
    def public(self) -> LetterQuerySet:
        """Select letters that the public may know about.

        A withdrawn letter keeps its page, which says that it was withdrawn.
        """
        return self.exclude(status=Letter.Status.DRAFT)

    def cared_for_by(self, person: User, roles: Collection[str]) -> LetterQuerySet:
        """Select letters of collectives in which this person has one of these roles. No others exist for this person.
        Drafts in the bin are left out too: see `binned_of`.
        """
        return self._of(person, roles).filter(binned_at=None)

    def binned_of(self, person: User, roles: Collection[str]) -> LetterQuerySet:
        """Select drafts in the bin, of collectives in which this person has one of these roles."""
        return self._of(person, roles).filter(binned_at__isnull=False)

    def _of(self, person: User, roles: Collection[str]) -> LetterQuerySet:
        part = {"collective__memberships__user": person, "collective__memberships__role__in": roles}
        return self.filter(**part).select_related("collective")

    def open_at(self, now: datetime) -> LetterQuerySet:
        """Select letters that accept signatures now."""
        begun = Q(opens_at__isnull=True) | Q(opens_at__lte=now)
        not_over = Q(closes_at__isnull=True) | Q(closes_at__gt=now)
        return self.filter(begun, not_over, status=Letter.Status.PUBLISHED)


class Letter(Retained):
    """An open letter with all its revisions and languages.

    It has one web address, one list of signatures and one count.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        CLOSED = "closed", "Closed"
        WITHDRAWN = "withdrawn", "Withdrawn"
        # Taken down by the site: its pages show neither text nor names (letters/models/takedown.py).
        TAKEN_DOWN = "taken_down", "Taken down"

    # Part of the letter's URL.
    slug = models.SlugField(max_length=80, unique=True)
    # The publisher. PROTECT: a collective with letters cannot be deleted by mistake.
    collective = models.ForeignKey(Collective, on_delete=models.PROTECT, related_name="letters")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    # The original language (BCP 47), shown at the URL without a prefix.
    language = models.CharField(max_length=12)
    # The revision that readers see; none before the first publication.
    current_revision = models.ForeignKey(
        "letters.Revision", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    # Whether it is an invented letter, for trying out the site. Its pages say so.
    is_sample = models.BooleanField(default=False)

    # The letter accepts signatures between these times. Both are optional.
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # The time at which the clock publishes the draft.
    publish_at = models.DateTimeField(null=True, blank=True)
    # The code of the refusal, if the clock could not publish and the organizers were told.
    publish_refused = models.CharField(max_length=30, default="", db_default="", blank=True)
    # When a draft was put into the bin, which is emptied after 30 days.
    binned_at = models.DateTimeField(null=True, blank=True)
    # A public sentence about why it was withdrawn.
    withdrawn_because = models.CharField(max_length=500, default="", db_default="", blank=True)
    # When it was withdrawn and its status before that, because a withdrawal can be undone for a day; and when one was
    # last undone.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(null=True, blank=True)
    withdrawn_from = models.CharField(max_length=10, choices=Status, default="", db_default="", blank=True)
    created_at = models.DateTimeField()

    # When another collective last took over the letter. What signers agreed to before then, they agreed to with the
    # earlier collective.
    moved_at = models.DateTimeField(null=True, blank=True)
    # The IANA time zone in which days of this letter are calculated; empty means that of the collective. Privacy: it is
    # fixed before anyone can sign. Otherwise organizers could try one time zone after another and work out the hour of
    # a signature from its day.
    timezone = models.CharField(max_length=64, default="", db_default="", blank=True)

    # When organizers last asked to have all confirmation emails sent again.
    reminder_asked_at = models.DateTimeField(null=True, blank=True)

    # The fields that the form asks for besides name and address.
    ask_affiliation = models.CharField(max_length=8, choices=Ask, default=Ask.OPTIONAL)
    ask_role = models.CharField(max_length=8, choices=Ask, default=Ask.OFF)
    ask_country = models.CharField(max_length=8, choices=Ask, default=Ask.OFF)
    ask_comment = models.CharField(max_length=8, choices=Ask, default=Ask.OFF)
    # Whether comments that signers wrote for everyone appear beside their names.
    comments_public = models.BooleanField(default=False, db_default=False)
    # The time at which each field became required, if that changed later (ISO 8601). People who signed before may
    # remove what they had filled in.
    required_since = models.JSONField(null=True, blank=True)
    # The values of `display` that a signer can choose.
    displays = ArrayField(models.CharField(max_length=10, choices=Display), default=every_display)
    # The pages that search engines are asked to leave out.
    indexing = models.CharField(max_length=7, choices=Indexing, default=Indexing.ALL, db_default=Indexing.ALL)
    # Whether a moderator reviews every signature before it is published.
    reviewed = models.BooleanField(default=False)
    # Signatures with at least this score of doubt wait too.
    hold_from = models.SmallIntegerField(choices=HoldFrom, default=HoldFrom.CLEAR, db_default=HoldFrom.CLEAR)
    # Signers must confirm an address at, or below, one of these domains; empty if any address will do.
    domains = ArrayField(models.CharField(max_length=253), default=list, db_default=[], blank=True)
    # The addressee's own domains. People who sign with an address there are warned.
    addressee_domains = ArrayField(models.CharField(max_length=253), default=list, db_default=[], blank=True)
    # Other websites on which people can sign, as origins ("https://example.org"); empty if only here.
    origins = ArrayField(models.CharField(max_length=300), default=list, db_default=[], blank=True)
    # How many signatures without a public name are counted together; none for the number of the site.
    batch_size = models.PositiveSmallIntegerField(null=True, blank=True)
    # Whether every signing needs a proof of work, not only those above the limits.
    asks_proof = models.BooleanField(default=False, db_default=False)
    # Whether the shield against a wave is up (letters/models/wave.py). Privacy: no public page says so.
    is_shielded = models.BooleanField(default=False, db_default=False, editable=False)
    # Whether organisations may sign, too, and how many the public list shows (letters/models/organisation.py). The
    # operations that publish one or take one off the list count them anew, under the letter's lock.
    organisations_sign = models.BooleanField(default=False, db_default=False)
    organisation_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # Whether its pages show how many sign from each country and each email domain. Privacy: the form says so, and it is
    # switched on before anyone can sign (letters/models/breakdown.py).
    breakdown_public = models.BooleanField(default=False, db_default=False)
    # How many signatures on paper its pages show, apart from every count (letters/models/paper_count.py).
    paper_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # The sequence numbers of first signatories in the order that the organizers chose. All others follow. Privacy: it
    # contains only public numbers, and orders only public names.
    first_order = ArrayField(models.PositiveIntegerField(), default=list, db_default=[], blank=True)
    # The sequence numbers of signatures that its page features, in the order in which their signers agreed (Featuring).
    featured = ArrayField(models.PositiveIntegerField(), default=list, db_default=[], blank=True)
    # The number of signatures that the organizers aim for, if any.
    goal = models.PositiveIntegerField(null=True, blank=True)

    # The number of names from which names appear; none for an ordinary letter. It is fixed before publication.
    names_from = models.PositiveIntegerField(null=True, blank=True, editable=False)
    # When they appeared. Until then the letter is sealed: see letters/models/release.py.
    named_at = models.DateTimeField(null=True, blank=True, editable=False)

    # The counts. Only the sequencer writes the fields below, all in one transaction. First, the count that
    # readers see: published signatures.
    signature_count = models.PositiveIntegerField(default=0)
    # The next two count no further than this, because counting takes time under the lock. Pages say "at least".
    MAX_AWAITING = 10_000
    # Signatures in the state `pending`.
    awaiting_confirmation = models.PositiveIntegerField(default=0)
    # Confirmed signatures that wait for a moderator.
    awaiting_review = models.PositiveIntegerField(default=0)
    # The same as pages show them, in tens. Privacy: they change only with a batch of signatures without a public name.
    shown_awaiting_confirmation = models.PositiveIntegerField(default=0, db_default=0)
    shown_awaiting_review = models.PositiveIntegerField(default=0, db_default=0)
    # When the next batch is due; none if nothing waits for it. Privacy: no page shows it.
    batch_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Withdrawn by their signers after publication.
    withdrawn_count = models.PositiveIntegerField(default=0)
    # Removed by moderators after publication.
    removed_count = models.PositiveIntegerField(default=0)
    # The highest sequence number given. No number is given twice.
    last_number = models.PositiveIntegerField(default=0)
    # Increased whenever the public pages change: by the sequencer, and by each publication.
    version = models.PositiveBigIntegerField(default=0)
    # The time of the last count. None before the first one.
    counted_at = models.DateTimeField(null=True, blank=True)
    # Whether the site signs no checkpoint of the letter's log, because the database may not have every entry.
    record_doubted = models.BooleanField(default=False, db_default=False, editable=False)
    # What its pages say about the work of its moderators (letters/models/moderation_account.py). A
    # daily task writes it. Privacy: it also holds exact numbers, so no form and no page of the admin shows it.
    moderation_account = models.JSONField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[Letter]] = models.Manager.from_queryset(LetterQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "published", "closed", "withdrawn", "taken_down"]),
                name="letter_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(current_revision__isnull=False, published_at__isnull=False),
                name="letter_published_has_a_text",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False), name="letter_closed_says_when"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(publish_at__isnull=True), name="letter_waits_only_as_a_draft"
            ),
            models.CheckConstraint(
                condition=Q(binned_at__isnull=True) | Q(status="draft", publish_at__isnull=True),
                name="letter_in_bin_is_a_draft",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="letter_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(displays__len__gte=1, displays__contained_by=Display.values), name="letter_displays_known"
            ),
            # Trust: every number belongs to a published signature or to one that was taken out, so no count can drift
            # unnoticed.
            models.CheckConstraint(
                condition=Q(last_number=F("signature_count") + F("withdrawn_count") + F("removed_count")),
                name="letter_numbers_add_up",
            ),
            models.CheckConstraint(condition=Q(hold_from__in=HoldFrom.values), name="letter_hold_from_known"),
            models.CheckConstraint(condition=Q(indexing__in=Indexing.values), name="letter_indexing_known"),
            # Privacy: what signers were told has an end, and no rule of the letter can give a name away before.
            models.CheckConstraint(
                condition=Q(names_from__isnull=True)
                | Q(named_at__isnull=False)
                | Q(status="draft")
                | Q(names_from__gte=20, closes_at__isnull=False, reviewed=False),
                name="letter_sealed_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(named_at__isnull=True) | Q(names_from__isnull=False), name="letter_named_was_sealed"
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"ask_{field}__in": Ask.values}), name=f"letter_ask_{field}_known"
                )
                for field in ("affiliation", "role", "country", "comment")
            ),
        ]
        indexes = [
            models.Index(fields=["binned_at"], name="letter_in_bin", condition=Q(binned_at__isnull=False)),
            models.Index(F("published_at").desc(), name="letter_newest_open", condition=Q(status="published")),
            models.Index(
                fields=["publish_at"], name="letter_waits_for_the_clock", condition=Q(publish_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def may_be_indexed(self, page: str) -> bool:
        """Return whether search engines may list this public page, by its name in urls.py."""
        if self.indexing == Indexing.TEXT:
            return page not in LISTS_OF_NAMES
        return self.indexing == Indexing.ALL

    @property
    def is_sealed(self) -> bool:
        """Return whether the letter names nobody yet, because too few people have signed."""
        return self.names_from is not None and self.named_at is None

    def shows_breakdown(self) -> bool:
        """Return whether its pages show numbers by country and by domain. Privacy: not while it names nobody."""
        return self.breakdown_public and not self.is_sealed

    def newest_title(self) -> str:
        """Return the title that organizers know: the newest revision's, published or not, in the letter's language."""
        titles = self.revisions.filter(translations__language=self.language).order_by("-number")
        return titles.values_list("translations__title", flat=True).first() or self.slug

    def public_title(self) -> str:
        """Return the title that readers know, in the letter's language. Privacy: nothing of an unpublished revision."""
        text = self.current_revision
        titles = text.translations.filter(language=self.language).values_list("title", flat=True) if text else []
        return next(iter(titles), self.slug)

    def languages(self) -> list[str]:
        """Return the languages of the published text, the letter's own first; none before the first publication."""
        text = self.current_revision
        codes = text.translations.values_list("language", flat=True) if text else []
        return sorted(codes, key=lambda code: (code != self.language, code))

    def get_absolute_url(self, language: str = "") -> str:
        """Return the URL of its page: without a prefix for the letter's own language, with a prefix for any other."""
        return self.url_of("letter", language)

    def url_of(self, name: str, language: str = "", **more: int) -> str:
        """Return the URL of one of the letter's pages in a language. The page's name is the one in urls.py."""
        return localized_url(name, language, own_language=self.language, slug=self.slug, **more)

    def zone(self) -> ZoneInfo:
        """Return the time zone of everything that is shown about this letter."""
        return ZoneInfo(self.timezone) if self.timezone else self.collective.zone()

    def day_of(self, moment: datetime | None) -> date | None:
        """Return the day of a moment in the letter's time zone.

        Privacy: files and public pages show only the day of a signature, not its time.
        """
        return moment.astimezone(self.zone()).date() if moment else None

    @property
    def awaiting_confirmation_in_tens(self) -> int:
        """Round down, for the public and for organizers.

        Privacy: on a quiet letter, someone who signs with another person's address would see in the exact number
        whether that person had signed before: it increases only for a new address.
        """
        return in_tens(self.shown_awaiting_confirmation)

    @property
    def awaiting_review_in_tens(self) -> int:
        """Round down, for the public.

        Privacy: beyond the limit of a domain, every signature from it waits for a moderator. So someone who types many
        addresses of one company would see in the exact number when a person there confirms or withdraws.
        """
        return in_tens(self.shown_awaiting_review)

    @property
    def awaiting_has_changed(self) -> bool:
        """Return whether other numbers wait, in tens, than pages show."""
        now = (in_tens(self.awaiting_confirmation), in_tens(self.awaiting_review))
        return now != (self.awaiting_confirmation_in_tens, self.awaiting_review_in_tens)

    @property
    def account(self) -> ModerationAccount:
        """Return what the public reads about the work of its moderators."""
        return StoredAccount.from_json(self.moderation_account).public

    def refusal(self, now: datetime) -> Refusal | Literal[""]:
        """Return why the letter does not accept signatures now; "" if it does."""
        # A take-down that was undone restores an earlier status, also of a letter that is closed for good.
        if self.status != self.Status.PUBLISHED or self.data_deleted_at is not None:
            return Refusal.LETTER_CLOSED if self.status == self.Status.PUBLISHED else self.status_refusal()
        if self.opens_at and now < self.opens_at:
            return Refusal.LETTER_NOT_OPEN_YET
        if self.closes_at and now >= self.closes_at:
            return Refusal.LETTER_CLOSED
        return ""

    def status_refusal(self) -> Refusal:
        """Return the refusal for something that needs an open letter."""
        refusals = {
            self.Status.DRAFT: Refusal.LETTER_DRAFT,
            self.Status.CLOSED: Refusal.LETTER_CLOSED,
            self.Status.WITHDRAWN: Refusal.LETTER_WITHDRAWN,
            self.Status.TAKEN_DOWN: Refusal.LETTER_TAKEN_DOWN,
        }
        return refusals[self.Status(self.status)]

    @property
    def is_ended(self) -> bool:
        """Return whether its owners have withdrawn it, or the site has taken it down: nothing is sent or published."""
        return self.status in {self.Status.WITHDRAWN, self.Status.TAKEN_DOWN}

    def can_be_restored(self, now: datetime) -> bool:
        """Return whether its withdrawal can still be undone."""
        is_withdrawn = self.status == self.Status.WITHDRAWN and self.withdrawn_from != ""
        return is_withdrawn and self.withdrawn_at is not None and now < self.withdrawn_at + UNDONE_WITHIN

    def form_has_opened(self, now: datetime) -> bool:
        """Return whether the form has been open to everyone: published, and its opening time has passed."""
        return self.status != self.Status.DRAFT and (self.opens_at is None or self.opens_at <= now)

    def confirmation_refusal(self, now: datetime) -> Refusal | Literal[""]:
        """Return why the letter does not accept confirmations now. It accepts them until a day after it closes."""
        if self.status in {self.Status.PUBLISHED, self.Status.CLOSED}:
            ends = self.confirmations_end()
            return Refusal.LETTER_CLOSED if ends and now >= ends else ""
        return self.status_refusal()

    def confirmations_end(self) -> datetime | None:
        """Return until when people can confirm; None if the letter has no end.

        Closing the letter by hand after its date has passed gives nobody another day.
        """
        ends = [self.closes_at, self.closed_at if self.status == self.Status.CLOSED else None]
        return min((end + GRACE_AFTER_CLOSING for end in ends if end), default=None)
