"""Collect what the daily email says about each letter of a collective.

Privacy: it gives numbers of whole days, as the public page and the overview do, and names a first signatory only if the
public can read that name now. The data is read when the email leaves, so a name that was withdrawn or hidden is not in
it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import Coalesce

from letters.models import DAILY_HOUR, Collective, Display, Letter, LetterHour, OrganisationSignature, Signature, Topic
from letters.organizer.notifications.queries import MAX_NAMED
from letters.shared.numbers import in_tens

# A day must be at least this long. Privacy: an owner who changes the time zone again and again gets no shorter spans.
MIN_DAY = timedelta(hours=20)
MAX_LETTERS = 20
State = Signature.State


@dataclass(frozen=True)
class LetterDay:
    """The events of one letter. Fields that this reader does not get keep their defaults."""

    letter: Letter
    # The midnights, in the letter's time zone, between which it happened.
    begins: datetime
    ends: datetime
    # The number of newly published signatures, and the number that the public page shows now.
    new: int = 0
    total: int = 0
    # First signatories whose names the public can read, and how many more there are.
    first_names: tuple[str, ...] = ()
    first_more: int = 0
    # The number of first signatories with a public name, for a letter that the public cannot read yet.
    first_unnamed: int = 0
    goal: int = 0
    # Whether more signatures wait for review, and how many do, rounded down to tens.
    waits: bool = False
    waiting_in_tens: int = 0
    # How many organisations wait, if one more does. Organizers read the number on a page, too.
    organisations: int = 0

    @property
    def says_anything(self) -> bool:
        return bool(self.new or self.first_names or self.first_unnamed or self.goal or self.waits or self.organisations)


def span_to_tell(zone: ZoneInfo, told_until: datetime | None, *, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the whole calendar days not yet reported; None if there are none, or it is too early.

    Privacy: the email leaves after DAILY_HOUR and is about the days before, so its time reveals nothing about a signer.
    """
    there = now.astimezone(zone)
    ends = there.replace(hour=0, minute=0, second=0, microsecond=0)
    begins = told_until or (ends - timedelta(hours=1)).replace(hour=0)
    return (begins, ends) if there.hour >= DAILY_HOUR and ends - begins >= MIN_DAY else None


def days_of(collective: Collective, begins: datetime, ends: datetime, topics: Collection[str]) -> list[LetterDay]:
    """Return the letters about which there is something to say, the newest first."""
    ended = [Letter.Status.WITHDRAWN, Letter.Status.TAKEN_DOWN]
    letters = Letter.objects.filter(collective=collective).exclude(status__in=ended)
    zones = letters.order_by("timezone").values_list("timezone", flat=True).distinct()
    found = [day for zone in zones for day in _days_in(zone, letters.filter(timezone=zone), begins, ends, topics)]
    return sorted(found, key=lambda day: -day.letter.pk)[:MAX_LETTERS]


def _days_in(
    name: str, letters: "QuerySet[Letter]", begins: datetime, ends: datetime, topics: Collection[str]
) -> list[LetterDay]:
    """Return what happened to letters of one time zone, in their own days that were over by then.

    Privacy: moments between their midnights would tell when someone signed. Each day is reported once, because both
    ends move to the midnight before.
    """
    if name:
        begins, ends = (midnight_before(moment, ZoneInfo(name)) for moment in (begins, ends))
    happened = _with_numbers(letters, begins, ends).order_by("-pk")
    # Performance: a constant number of small queries for each letter, however many people signed.
    days = (_day(letter, begins, ends, topics) for letter in happened.iterator(chunk_size=100))
    return list(islice((day for day in days if day.says_anything), MAX_LETTERS))


def midnight_before(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _with_numbers(letters: "QuerySet[Letter]", begins: datetime, ends: datetime) -> "QuerySet[Letter]":
    held = Signature.objects.filter(letter=OuterRef("pk"), state=State.HELD)
    with_goal = LetterHour.objects.filter(letter__goal__isnull=False)
    return letters.annotate(
        new_count=_sum(LetterHour.objects.filter(hour__gte=begins, hour__lt=ends), "published"),
        highest_before=_highest(with_goal.filter(hour__lt=begins)),
        highest=_highest(with_goal.filter(hour__lt=ends)),
        is_waiting=Exists(held.filter(confirmed_at__gte=begins, confirmed_at__lt=ends)),
        has_organisation=Exists(_organisations().filter(confirmed_at__gte=begins, confirmed_at__lt=ends)),
        has_first=Exists(_first(begins, ends).filter(letter=OuterRef("pk"))),
    )


def _organisations() -> "QuerySet[OrganisationSignature]":
    return OrganisationSignature.objects.waiting().filter(letter=OuterRef("pk"))


def _sum(hours: "QuerySet[LetterHour]", what: str) -> Coalesce:
    of_letter = hours.filter(letter=OuterRef("pk")).order_by().values("letter")
    return Coalesce(Subquery(of_letter.annotate(number=Sum(what)).values("number")), 0)


def _highest(hours: "QuerySet[LetterHour]") -> Coalesce:
    """Return the highest count at the end of any of these hours, because it may have fallen since.

    Reads one row for each hour in which the letter got signatures.
    """
    count = Window(Sum(F("published") - F("taken_out")), order_by="hour")
    of_letter = hours.filter(letter=OuterRef("pk")).annotate(count=count)
    return Coalesce(Subquery(of_letter.order_by("-count").values("count")[:1]), 0)


def _first(begins: datetime, ends: datetime) -> "QuerySet[Signature]":
    """Select first signatories who signed in this time, and whose name everyone can read now.

    Privacy: all others are left out, even of numbers.
    """
    is_public = Q(is_first=True, state=State.PUBLISHED, display=Display.PUBLIC)
    return Signature.objects.filter(is_public, published_at__gte=begins, published_at__lt=ends)


def _day(letter: Any, begins: datetime, ends: datetime, topics: Collection[str]) -> LetterDay:
    is_public = letter.status != Letter.Status.DRAFT
    found: dict[str, Any] = {}
    if Topic.NEW_SIGNATURES in topics and is_public:
        found |= {"new": letter.new_count, "total": letter.signature_count}
    if Topic.FIRST_SIGNATORIES in topics and letter.has_first:
        found |= _first_names(letter, begins, ends)
    # Report the goal once, not again if the count falls below it and reaches it again.
    is_reached = letter.goal and letter.highest_before < letter.goal <= letter.highest
    if Topic.GOAL in topics and is_public and is_reached:
        found |= {"goal": letter.goal}
    if Topic.REVIEW in topics and letter.is_waiting:
        found |= {"waits": True, "waiting_in_tens": in_tens(letter.awaiting_review)}
    if Topic.REVIEW in topics and letter.has_organisation:
        found |= {"organisations": OrganisationSignature.objects.waiting().filter(letter=letter).count()}
    return LetterDay(letter, begins, ends, **found)


def _first_names(letter: Letter, begins: datetime, ends: datetime) -> dict[str, Any]:
    """Return the names that the public can read; before publication only their number."""
    signed = _first(begins, ends).filter(letter=letter)
    number = signed.count()
    if letter.status == Letter.Status.DRAFT:
        return {"first_unnamed": number}
    names = tuple(signed.order_by("number").values_list("name", flat=True)[:MAX_NAMED])
    return {"first_names": names, "first_more": number - len(names)}
