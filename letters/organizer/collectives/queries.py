"""Read a collective: its members, its invitations, and its activity."""

import hashlib
import hmac
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, F, Prefetch, Q, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import TruncDate
from django.utils.translation import gettext

from letters.base.accounts.queries import verified_addresses
from letters.models import (
    A_DAY,
    COMPLAINED,
    MAX_EMAILS_A_DAY,
    OF_SIGNERS,
    AuditEvent,
    Collective,
    Letter,
    MemberInvitation,
    Membership,
    OutgoingEmail,
    Translation,
    User,
)
from letters.shared.addresses import canonical, decrypt, hash_address
from letters.shared.tokens import make_cursor, read_cursor, read_invitation_token

# Upper bounds on what a page shows or a query reads.
MAX_COLLECTIVES = 200
MAX_MEMBERS = 500
PAGE_LENGTH = 50
# Memory: how many events are written to a file at a time.
FILE_CHUNK = 5_000
# A person who does not want to give a name is asked again after this time.
ASK_AGAIN_AFTER = timedelta(days=90)


def memberships_of(person: User) -> list[Membership]:
    """Return a person's memberships, each with its collective and the number of its letters."""
    memberships = person.memberships.select_related("collective").annotate(letters=Count("collective__letters"))
    return list(memberships.order_by("collective__name", "pk")[:MAX_COLLECTIVES])


@dataclass(frozen=True)
class Member:
    membership: Membership
    name: str
    # Only owners see this.
    address: str


def members_of(collective: Collective, *, to: User) -> list[Member]:
    """Return the members as one of them sees them, those who joined first at the top."""
    memberships = collective.memberships.select_related("user").order_by("pk")[:MAX_MEMBERS]
    return [Member(each, name_of(each.user, collective.pk, to=to), each.user.email) for each in memberships]


def name_of(user: User, collective_id: int, *, to: User) -> str:
    """Return the name of a person as a member sees it.

    Privacy: a member without a name is shown by a mark, which differs between collectives. Their address must not
    appear on a page that others may look at, and two members without a name must not look like one person.
    """
    if user.name:
        return user.name
    if user.pk == to.pk:
        return gettext("You")
    message = f"member:{collective_id}:{user.pk}".encode()
    mark = hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:4]
    return gettext("Member %(mark)s") % {"mark": mark}


def asks_for_name(person: User, *, now: datetime) -> bool:
    """Return whether to ask a person for the name that other members see: not for a long time after "Not now"."""
    put_off = person.put_off_name_at
    return not person.name and (put_off is None or put_off + ASK_AGAIN_AFTER <= now)


@dataclass(frozen=True)
class Offer:
    """An open invitation, as owners see it."""

    invitation: MemberInvitation
    # Empty if none of our keys decrypts it.
    address: str
    # The state of its email: "owed", "sent", "failed" or "dropped".
    mail: str


def offers_of(collective: Collective, *, now: datetime) -> list[Offer]:
    """Return the invitations that can be accepted now, newest first."""
    mails = Prefetch("outgoing_emails", queryset=OutgoingEmail.objects.order_by("-pk"))
    invitations = collective.invitations.active(now).prefetch_related(mails).order_by("-pk")[:PAGE_LENGTH]
    return [Offer(each, address_in(each), _state_of(list(each.outgoing_emails.all()))) for each in invitations]


def declined_of(collective: Collective, *, now: datetime) -> list[MemberInvitation]:
    """Return the invitations that were declined and would still be open. Their addresses are deleted."""
    declined = collective.invitations.filter(declined_at__isnull=False, expires_at__gt=now)
    return list(declined.order_by("-pk")[:PAGE_LENGTH])


def invitations_for(person: User, *, now: datetime) -> list[MemberInvitation]:
    """Return the open invitations to addresses that this person has confirmed."""
    hashes = [hash_address(canonical(email)) for email in verified_addresses(person)]
    active = MemberInvitation.objects.active(now).filter(address_hash__in=hashes)
    others = active.exclude(collective__memberships__user=person)
    return list(others.select_related("collective").order_by("-pk")[:PAGE_LENGTH])


def address_in(invitation: MemberInvitation) -> str:
    """Return the invited address; empty if it was deleted or was encrypted under a key that we do not have."""
    try:
        return decrypt(invitation.address) if invitation.address else ""
    except InvalidToken:
        return ""


def _state_of(mails: list[OutgoingEmail]) -> str:
    if not mails:
        return "dropped"
    ends = {"sent": mails[0].sent_at, "failed": mails[0].failed_at, "dropped": mails[0].dropped_at}
    return next((state for state, at in ends.items() if at), "owed")


def invitation_of(token: str) -> MemberInvitation | None:
    """Return the invitation that an emailed link belongs to, open or not; None if the token is invalid."""
    read = read_invitation_token(token)
    if read is None:
        return None
    invitation = MemberInvitation.objects.select_related("collective").filter(pk=read.invitation_id).first()
    return invitation if invitation and read.matches(invitation.salt) else None


def membership_in(invitation: MemberInvitation, person: User | AnonymousUser) -> Membership | None:
    """Return the membership that a person already has in the inviting collective."""
    if not person.is_authenticated:
        return None
    return Membership.objects.filter(collective=invitation.collective_id, user=person).first()


def can_be_accepted(invitation: MemberInvitation, *, now: datetime) -> bool:
    return MemberInvitation.objects.active(now).filter(pk=invitation.pk).exists()


def full_since(outgoing: OutgoingEmail, invitation: MemberInvitation) -> datetime | None:
    """Return when the oldest of the invitations that use up the limit was created; None below the limit."""
    same = MemberInvitation.objects.filter(address_hash=invitation.address_hash).exclude(pk=invitation.pk)
    before = same.filter(created_at__gt=outgoing.created_at - A_DAY, created_at__lte=outgoing.created_at)
    newest = list(before.order_by("-created_at").values_list("created_at", flat=True)[:MAX_EMAILS_A_DAY])
    return newest[-1] if len(newest) == MAX_EMAILS_A_DAY else None


def is_unwanted(invitation: MemberInvitation) -> bool:
    """Return whether the owner of the address has reported one of our invitations as spam."""
    same = MemberInvitation.objects.filter(address_hash=invitation.address_hash).exclude(pk=invitation.pk)
    return same.filter(outgoing_emails__error=COMPLAINED).exists()


@dataclass(frozen=True)
class LogLine:
    """One line of the activity page: one event, or several of one action, for example on a page of signatures."""

    event: AuditEvent
    number: int
    # Names as the page shows them; empty if there is nobody, or no letter.
    who: str
    member: str
    title: str
    slug: str

    @property
    def is_of_a_signer(self) -> bool:
        """Return whether signers or their mailboxes did this. Privacy: owners see the day of it, not the time."""
        return self.event.object_kind == "signature" and self.event.actor_kind != "user"


@dataclass(frozen=True)
class Page:
    lines: list[LogLine]
    # The cursor of the next page; empty on the last one.
    onward: str


# Privacy: bounces and spam reports of signers do not appear one by one. Otherwise anyone who can type an address could
# read in the activity what happened to its email; and a line about the email for a lost link would prove that the
# address has signed. Nor does it appear that someone has left a letter that names nobody yet.
HIDDEN = Q(verb__in=["note_bounce", "note_complaint"], object_kind="signature")
HIDDEN |= Q(verb="disown_signature", details__has_key="sealed")


def record_of(
    collective: Collective, *, to: User, before: str = "", length: int = PAGE_LENGTH, of_site: bool = False
) -> Page:
    """Return a page of the collective's activity, newest first. Several events of one action share a line.

    Privacy: what signers did comes first on its day, in one line for each verb and letter. Between two lines with
    times, its position would tell when a signer did it. The cursor is opaque, because gaps between ids would tell of
    events that are not shown. People who moderate the site (`of_site`) read no title that is not public.
    """
    purpose = f"record:{collective.pk}"
    start = read_cursor(purpose, before)
    events = AuditEvent.objects.filter(collective=collective).exclude(OF_SIGNERS).order_by("-pk")
    rows = list((events.filter(pk__lt=start[1]) if start else events)[: length + 1])
    page, has_more = rows[:length], len(rows) > length
    days = [_midnight(event.at, collective) for event in page]
    upto = start[0] if start else None
    since = min([*days, *([upto] if upto else [])]) if has_more else None
    of_signers = _of_signers(collective, since=since, upto=upto)
    merged = _merged(page, of_signers, collective)
    lines = lines_for_site(merged, to=to) if of_site else _lines(merged, collective, to)
    return Page(lines, make_cursor(purpose, since, page[-1].pk) if since else "")


def whole_record_of(collective: Collective, *, to: User) -> Iterator[list[LogLine]]:
    """Yield all that `record_of` shows, a few thousand events at a time."""
    page = record_of(collective, to=to, length=FILE_CHUNK)
    yield page.lines
    while page.onward:
        page = record_of(collective, to=to, before=page.onward, length=FILE_CHUNK)
        yield page.lines


def _midnight(moment: datetime, collective: Collective) -> datetime:
    return datetime.combine(moment.astimezone(collective.zone()), time.min, tzinfo=collective.zone())


def _of_signers(collective: Collective, *, since: datetime | None, upto: datetime | None) -> list[AuditEvent]:
    """Count what signers and their mailboxes did: one unsaved event for each kind and day, newest day first."""
    events = AuditEvent.objects.filter(OF_SIGNERS, collective=collective).exclude(HIDDEN)
    events = events.annotate(day=_day_of_letter(collective), letter=KeyTextTransform("letter", "details"))
    zone = collective.zone()
    # Performance: an index finds the times. Privacy: the day decides, so that no page ends within a letter's day.
    if since:
        events = events.filter(at__gte=since - FARTHEST, day__gte=since.astimezone(zone).date())
    if upto:
        events = events.filter(at__lt=upto + FARTHEST, day__lt=upto.astimezone(zone).date())
    same = events.values("actor_kind", "verb", "reason", "day", "letter").annotate(number=Count("pk"))
    return [_of_one_day(row, collective) for row in same.order_by("-day", "letter", "verb", "reason", "actor_kind")]


# No two time zones differ by more.
FARTHEST = timedelta(hours=26)


def _day_of_letter(collective: Collective) -> Case:
    """Return the SQL of the day of an event in the time zone of its letter."""
    ids: dict[str, list[int]] = defaultdict(list)
    known = Letter.objects.filter(Q(collective=collective) | Q(moves__source=collective))
    others = known.exclude(timezone__in=["", collective.timezone])
    for letter_id, zone in others.values_list("pk", "timezone").distinct():
        ids[zone].append(letter_id)
    own = [When(details__letter__in=same, then=TruncDate("at", tzinfo=ZoneInfo(zone))) for zone, same in ids.items()]
    return Case(*own, default=TruncDate("at", tzinfo=collective.zone()))


def _of_one_day(row: Mapping[str, Any], collective: Collective) -> AuditEvent:
    details = {"letter": int(row["letter"]) if row["letter"] else None, "number": row["number"]}
    at = datetime.combine(row["day"], time.min, tzinfo=collective.zone())
    who = {name: row[name] for name in ("actor_kind", "verb", "reason")}
    return AuditEvent(**who, at=at, object_kind="signature", object_id=0, details=details)


def _merged(page: list[AuditEvent], of_signers: list[AuditEvent], collective: Collective) -> list[AuditEvent]:
    """Put what signers did at the beginning of each day."""
    merged, waiting = [], deque(of_signers)
    for event in page:
        midnight = _midnight(event.at, collective)
        while waiting and waiting[0].at >= midnight:
            merged.append(waiting.popleft())
        merged.append(event)
    return [*merged, *waiting]


def _lines(page: list[AuditEvent], collective: Collective, to: User) -> list[LogLine]:
    titles = titles_of({_letter_of(event) for event in page} - {0}, collective)
    return _joined(page, titles, to)


def lines_for_site(page: list[AuditEvent], *, to: User) -> list[LogLine]:
    """Return the lines for a person who moderates the site. Privacy: with the titles that the public knows."""
    return _joined(page, _titles_elsewhere({_letter_of(event) for event in page} - {0}), to)


def _joined(page: list[AuditEvent], titles: Mapping[int, tuple[str, str]], to: User) -> list[LogLine]:
    """Join the events of one action, and name the people as members of the collective see them."""
    people = User.objects.in_bulk({each for event in page for each in (event.actor_id, _member_in(event)) if each})

    def name(pk: int | None, event: AuditEvent) -> str:
        return name_of(people[pk], event.collective_id or 0, to=to) if pk in people else ""

    lines = []
    for _, same in groupby(page, key=_action_of):
        events = list(same)
        event = events[-1]
        title, slug = titles.get(_letter_of(event), ("", ""))
        number = event.details.get("number", len(events)) if event.pk is None else len(events)
        who, member = name(event.actor_id, event), name(_member_in(event), event)
        lines.append(LogLine(event, number, who, member, title, slug))
    return lines


def _action_of(event: AuditEvent) -> tuple[object, ...]:
    """Return a key that is equal for all events of one action, which differ only in the signature."""
    many = event.object_kind == "signature" and event.pk
    return (0 if many else event.pk, event.at, event.actor_id, event.verb, event.reason, _letter_of(event))


def _letter_of(event: AuditEvent) -> int:
    letter_id = event.object_id if event.object_kind == "letter" else event.details.get("letter")
    return letter_id if isinstance(letter_id, int) else 0


def _member_in(event: AuditEvent) -> int:
    user_id = event.details.get("member", event.details.get("invited_by"))
    return user_id if isinstance(user_id, int) else 0


def titles_of(letter_ids: Iterable[int], collective: Collective) -> dict[int, tuple[str, str]]:
    """Return title and slug of each letter, from its newest revision in its own language.

    A public letter that has moved to another collective has no slug here, because its members cannot open it.
    """
    texts = Translation.objects.filter(
        revision__letter__in=list(letter_ids),
        revision__letter__collective=collective,
        language=F("revision__letter__language"),
    )
    newest = texts.order_by("revision__letter", "-revision__number").distinct("revision__letter")
    rows = newest.values_list("revision__letter", "title", "revision__letter__slug")
    found = {letter_id: (title, slug) for letter_id, title, slug in rows}
    elsewhere = set(letter_ids) - found.keys()
    return {**found, **_titles_elsewhere(elsewhere)} if elsewhere else found


def _titles_elsewhere(letter_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return what the public reads as the titles of letters that have moved to another collective."""
    public = Letter.objects.public().filter(
        pk__in=list(letter_ids), current_revision__translations__language=F("language")
    )
    return {pk: (title, "") for pk, title in public.values_list("pk", "current_revision__translations__title")}
