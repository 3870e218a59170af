"""Read the audit records of the whole site.

Privacy: what signers and their mailboxes did is left out, except for one collective at a time, where its days are
counted as its owners see them. Over all letters, or with other filters, fewer acts would share a line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from letters.models import OF_SIGNERS, AuditEvent, Collective, Letter, User
from letters.organizer.collectives import queries as of_collectives
from letters.organizer.collectives.queries import FILE_CHUNK, PAGE_LENGTH, LogLine, Page
from letters.shared.tokens import make_cursor, make_dated_handle, read_cursor, read_dated_handle

# Without a day, the list has the newest events within this time.
WINDOW = timedelta(days=31)
# Privacy: what a moderator did for a signer without a mailbox, at a time, would point to a signature. The admin has it.
NOT_LISTED = ["act_for_lost_mailbox"]
CURSOR = "site activity"
PERSON = "person of the activity"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The filters. Each that is set narrows the list down."""

    collective: Collective | None = None
    letter: Letter | None = None
    person: User | None = None
    verb: str = ""
    day: date | None = None

    @property
    def is_of_one_collective(self) -> bool:
        return self.collective is not None and not (self.letter or self.person or self.verb or self.day)


@dataclass(frozen=True)
class SiteLine:
    line: LogLine
    # The name of the collective that the event is about; empty if it is about none.
    collective: str
    # The handle by which all acts of this person are listed; empty if no person acted.
    person: str


def activity_of(chosen: Chosen, *, to: User, now: datetime, before: str = "", length: int = PAGE_LENGTH) -> Page:
    """Return a page of what happened, newest first."""
    if chosen.collective and chosen.is_of_one_collective:
        return of_collectives.record_of(chosen.collective, to=to, before=before, length=length, of_site=True)
    begin = read_cursor(CURSOR, before)
    events = _chosen_events(chosen, now)
    if begin:
        at, pk = begin
        events = events.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    rows = list(events.order_by("-at", "-pk")[: length + 1])
    page = rows[:length]
    onward = make_cursor(CURSOR, page[-1].at, page[-1].pk) if len(rows) > length else ""
    return Page(of_collectives.lines_for_site(page, to=to), onward)


def whole_activity_of(chosen: Chosen, *, to: User, now: datetime) -> Iterator[list[LogLine]]:
    """Yield all that `activity_of` shows, a few thousand events at a time."""
    page = activity_of(chosen, to=to, now=now, length=FILE_CHUNK)
    yield page.lines
    while page.onward:
        page = activity_of(chosen, to=to, now=now, before=page.onward, length=FILE_CHUNK)
        yield page.lines


def _chosen_events(chosen: Chosen, now: datetime) -> QuerySet[AuditEvent]:
    """Performance: an index finds the events of a day, or of WINDOW. The other filters look at these only."""
    if chosen.day:
        begins = datetime.combine(chosen.day, time.min, tzinfo=UTC)
        events = AuditEvent.objects.filter(at__gte=begins, at__lt=begins + timedelta(days=1))
    else:
        events = AuditEvent.objects.filter(at__gte=now - WINDOW)
    events = events.exclude(OF_SIGNERS).exclude(verb__in=NOT_LISTED)
    if chosen.collective:
        events = events.filter(collective=chosen.collective)
    if chosen.letter:
        events = events.filter(
            Q(object_kind="letter", object_id=chosen.letter.pk) | Q(details__letter=chosen.letter.pk)
        )
    if chosen.person:
        events = events.filter(actor=chosen.person)
    return events.filter(verb=chosen.verb) if chosen.verb else events


def for_page(lines: Iterable[LogLine], *, now: datetime) -> list[SiteLine]:
    """Add the collective and a handle of the person to each line."""
    lines = list(lines)
    ids = {line.event.collective_id for line in lines}
    names = dict(Collective.objects.filter(pk__in=[each for each in ids if each]).values_list("pk", "name"))
    return [SiteLine(each, names.get(each.event.collective_id or 0, ""), _handle(each, now)) for each in lines]


def _handle(line: LogLine, now: datetime) -> str:
    return make_dated_handle(PERSON, line.event.actor_id, now=now) if line.event.actor_id else ""


def person_of(handle: str) -> User | None:
    """Return the person of a line. Privacy: there is no search by address, which would tell who has an account."""
    found = read_dated_handle(PERSON, handle)
    return User.objects.filter(pk=found.thing_id).first() if found else None
