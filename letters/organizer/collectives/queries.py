"""What is read about a collective: who belongs to it, who is invited, and what was done in its name."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Prefetch, Q
from django.utils.translation import gettext

from letters.models import (
    COMPLAINED,
    AuditEvent,
    Collective,
    MemberInvitation,
    Membership,
    OutgoingEmail,
    Translation,
    User,
)
from letters.shared.addresses import decrypt
from letters.shared.tokens import read_invitation_token

# No more than these are shown, and none is looked for beyond them.
MAX_COLLECTIVES = 200
MAX_MEMBERS = 500
PAGE_LENGTH = 50
# Not more than so many invitations to an address within a day, over all collectives.
MAX_MAILS_A_DAY = 3


def parts_of(person: User) -> list[Membership]:
    """Their parts, each with its collective and the number of its letters."""
    found = person.memberships.select_related("collective").annotate(letters=Count("collective__letters"))
    return list(found.order_by("collective__name", "pk")[:MAX_COLLECTIVES])


@dataclass(frozen=True)
class Member:
    membership: Membership
    name: str
    # For the eyes of owners.
    address: str


def members_of(collective: Collective) -> list[Member]:
    """The members, the longest-standing first."""
    found = collective.memberships.select_related("user").order_by("pk")[:MAX_MEMBERS]
    return [Member(each, name_of(each.user, collective.pk), each.user.email) for each in found]


def name_of(user: User, collective_id: int) -> str:
    """What teammates call somebody. Without a name of their own a mark, which is another one in each collective: on no
    page would an address be right that others may look at, and two people without a name must not be taken for one.
    """
    if user.name:
        return user.name
    message = f"member:{collective_id}:{user.pk}".encode()
    mark = hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:4]
    return gettext("Member %(mark)s") % {"mark": mark}


@dataclass(frozen=True)
class Offer:
    """An invitation that stands, for an owner's eyes."""

    invitation: MemberInvitation
    # Empty if none of our keys opens it.
    address: str
    # How its mail stands: "owed", "sent", "failed" or "dropped".
    mail: str


def offers_of(collective: Collective, *, now: datetime) -> list[Offer]:
    """The invitations that can be accepted now, the newest first."""
    mails = Prefetch("outgoing_emails", queryset=OutgoingEmail.objects.order_by("-pk"))
    found = collective.invitations.standing(now).prefetch_related(mails).order_by("-pk")[:PAGE_LENGTH]
    return [Offer(each, address_in(each), _state_of(list(each.outgoing_emails.all()))) for each in found]


def address_in(invitation: MemberInvitation) -> str:
    """Whom it is for; empty if that is forgotten, or sealed under a key that we do not have."""
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
    """The invitation that a mailed link is for, whether it stands or not; None if the link is none of ours."""
    read = read_invitation_token(token)
    if read is None:
        return None
    found = MemberInvitation.objects.select_related("collective").filter(pk=read.invitation_id).first()
    return found if found and read.matches(found.salt) else None


def part_in(invitation: MemberInvitation, person: User | AnonymousUser) -> Membership | None:
    """The part that somebody has already where they are invited to."""
    if not person.is_authenticated:
        return None
    return Membership.objects.filter(collective=invitation.collective_id, user=person).first()


def stands(invitation: MemberInvitation, *, now: datetime) -> bool:
    return MemberInvitation.objects.standing(now).filter(pk=invitation.pk).exists()


def is_one_mail_too_many(outgoing: OutgoingEmail, invitation: MemberInvitation) -> bool:
    """Whether the address has had enough of our invitations, today or for ever: its owner called one of them spam."""
    same = MemberInvitation.objects.filter(address_hash=invitation.address_hash).exclude(pk=invitation.pk)
    since = outgoing.created_at - timedelta(days=1)
    before = same.filter(created_at__gt=since, created_at__lte=outgoing.created_at)
    return before.count() >= MAX_MAILS_A_DAY or same.filter(outgoing_emails__error=COMPLAINED).exists()


@dataclass(frozen=True)
class Deed:
    """One line of the record: an event, or several of one deed, for example of a page of signatures."""

    event: AuditEvent
    number: int
    # By what the page calls them; empty where nobody, or no letter, is meant.
    who: str
    member: str
    title: str
    slug: str

    @property
    def is_of_a_signer(self) -> bool:
        """Privacy: owners read the day of what signers and their mailboxes do, and no time, as of their signatures."""
        return self.event.object_kind == "signature" and self.event.actor_kind != "user"


@dataclass(frozen=True)
class Page:
    deeds: list[Deed]
    # Where the next page goes on; None on the last.
    onward: int | None


def record_of(collective: Collective, *, before: int = 0) -> Page:
    """What was done in its name, the newest first, before an id: a page of events, whatever was done to many at once
    in one line.

    Privacy: without emails to signers that came back or were called spam. Whoever types an address could read there
    what became of it, one by one; and of an email about a lost link such a line comes only if the address has signed.
    """
    of_mailboxes = Q(verb__in=["note_bounce", "note_complaint"], object_kind="signature")
    found = AuditEvent.objects.filter(collective=collective).exclude(of_mailboxes).order_by("-pk")
    rows = list((found.filter(pk__lt=before) if before else found)[: PAGE_LENGTH + 1])
    page = rows[:PAGE_LENGTH]
    return Page(_deeds(page, collective), page[-1].pk if len(rows) > PAGE_LENGTH else None)


def _deeds(page: list[AuditEvent], collective: Collective) -> list[Deed]:
    people = User.objects.in_bulk({each for event in page for each in (event.actor_id, _member_in(event)) if each})
    names = {pk: name_of(user, collective.pk) for pk, user in people.items()}
    titles = _titles({_letter_of(event) for event in page} - {0}, collective)
    deeds = []
    for _, same in groupby(page, key=_deed_of):
        events = list(same)
        event = events[-1]
        title, slug = titles.get(_letter_of(event), ("", ""))
        who, member = names.get(event.actor_id or 0, ""), names.get(_member_in(event), "")
        deeds.append(Deed(event, len(events), who, member, title, slug))
    return deeds


def _deed_of(event: AuditEvent) -> tuple[object, ...]:
    """The same for all events of one deed, which differ in the signature alone."""
    many = event.object_kind == "signature"
    return (0 if many else event.pk, event.at, event.actor_id, event.verb, event.reason, _letter_of(event))


def _letter_of(event: AuditEvent) -> int:
    found = event.object_id if event.object_kind == "letter" else event.details.get("letter")
    return found if isinstance(found, int) else 0


def _member_in(event: AuditEvent) -> int:
    found = event.details.get("member", event.details.get("invited_by"))
    return found if isinstance(found, int) else 0


def _titles(letter_ids: Iterable[int], collective: Collective) -> dict[int, tuple[str, str]]:
    """Title and slug of each letter, as its organizers know it: of the newest revision, in its own language."""
    texts = Translation.objects.filter(
        revision__letter__in=list(letter_ids),
        revision__letter__collective=collective,
        language=F("revision__letter__language"),
    )
    newest = texts.order_by("revision__letter", "-revision__number").distinct("revision__letter")
    rows = newest.values_list("revision__letter", "title", "revision__letter__slug")
    return {letter_id: (title, slug) for letter_id, title, slug in rows}
