"""What the round of first signatories reads: whom to invite, whom to write to, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import connection
from django.db.models import Count

from letters.models import (
    COMPLAINED,
    INVITATION_GOOD_FOR,
    Display,
    InviteList,
    Letter,
    Signature,
    Translation,
    User,
)
from letters.shared.addresses import hash_address, unseal
from letters.shared.domains import domain_of, match_domain
from letters.shared.rosters import Person, Row, UnreadableList, read_again, read_rows

State = Signature.State

# Nobody is reminded sooner.
REMIND_AFTER = timedelta(days=1)
# A list that was sent in and not confirmed is forgotten then.
LIST_KEPT_FOR = timedelta(hours=1)
# So many names of those who have signed are shown to organizers.
NAMES_SHOWN = 200


def round_refusal(letter: Letter, now: datetime) -> str:
    """Why nobody can be invited to be among the first at this moment, as a code; empty if they can."""
    if letter.status == Letter.Status.DRAFT or letter.refusal(now) == "letter_not_open_yet":
        return ""
    return letter.refusal(now) or "letter_open"


def list_of(letter: Letter, person: User, now: datetime) -> InviteList | None:
    """The list that this organizer has sent in and not confirmed yet."""
    return InviteList.objects.filter(letter=letter, sent_by=person, created_at__gt=now - LIST_KEPT_FOR).first()


def rows_of(kept: InviteList, encoding: str = "") -> list[Row]:
    """Its rows, read as if it had been written in this encoding; none if its key is gone, or if what reads lists has
    become stricter since it was sent in. Raises UnreadableList("encoding").
    """
    try:
        text = unseal(kept.sealed)
    except InvalidToken:
        return []
    again = read_again(text, kept.encoding, encoding) if kept.encoding and encoding else text
    try:
        return read_rows(again)
    except UnreadableList as problem:
        if again is text:
            return []
        raise UnreadableList("encoding") from problem


@dataclass(frozen=True)
class SortedOut:
    """Who of a list can be invited, with the hash of the address; and the lines of those who cannot."""

    new: dict[bytes, Person] = field(default_factory=dict)
    # Invited already, or signed, or said no: which of these is between them and us.
    known: list[int] = field(default_factory=list)
    # At none of the domains to which the letter is limited.
    elsewhere: list[int] = field(default_factory=list)


def sort_out(letter: Letter, people: Sequence[Person]) -> SortedOut:
    hashed = {hash_address(person.address.canonical): person for person in people}
    found = Signature.objects.filter(letter=letter, address_hash__in=hashed).exclude(state=State.EXPIRED)
    known = {bytes(digest) for digest in found.values_list("address_hash", flat=True) if digest}
    sorted_out = SortedOut()
    for digest, person in hashed.items():
        if digest in known:
            sorted_out.known.append(person.line)
        elif letter.domains and not match_domain(domain_of(person.address.deliverable), letter.domains):
            sorted_out.elsewhere.append(person.line)
        else:
            sorted_out.new[digest] = person
    return sorted_out


def expired_among(letter: Letter, hashes: Sequence[bytes]) -> dict[bytes, int]:
    """Ids of invitations that were taken back or never answered, by the hash: they are made anew."""
    found = Signature.objects.filter(letter=letter, address_hash__in=hashes, state=State.EXPIRED)
    return {bytes(digest): pk for digest, pk in found.values_list("address_hash", "pk") if digest}


@dataclass(frozen=True)
class Progress:
    """How the round stands, in numbers. No invited person is named before they have signed."""

    signed: int
    waiting: int
    declined: int
    # Taken back by the organizers, or not answered in time.
    over: int
    # Among those who wait: whose mail came back, by the reason in short; and who was not written to, since their
    # address had as many mails today as it may.
    came_back: dict[str, int]
    held_off: int
    # Mails that are still to be sent.
    owed: int
    # Those who can be reminded now.
    to_remind: int

    @property
    def invited(self) -> int:
        return self.signed + self.waiting + self.declined + self.over


# Each of those who wait with the mails of their invitation; one that was made anew has nothing to do with older mails.
# One join: as questions put for each of them, it took seconds for five thousand.
WAITING = """
WITH waiting AS MATERIALIZED (
    SELECT id, signed_at, concern FROM letters_signature
    WHERE letter_id = %(letter)s AND is_first AND state = 'invited'
), written_to AS (
    SELECT waiting.id,
        bool_or(sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL) AS owed,
        bool_and(dropped_at IS NOT NULL) AS held_off,
        concern IN ('', 'disposable') AND waiting.signed_at <= %(until)s AND waiting.signed_at > %(since)s
            AND NOT bool_or(starts_with(key, 'invited_again:')) AS to_remind,
        (array_agg(error ORDER BY delivery.id DESC)
            FILTER (WHERE failed_at IS NOT NULL OR error = %(complained)s))[1] AS reason
    FROM waiting JOIN letters_delivery AS delivery
        ON delivery.signature_id = waiting.id AND kind = 'invited' AND delivery.created_at >= waiting.signed_at
    GROUP BY waiting.id, waiting.signed_at, concern
)
SELECT reason, count(*), count(*) FILTER (WHERE owed), count(*) FILTER (WHERE held_off),
    count(*) FILTER (WHERE to_remind)
FROM written_to GROUP BY reason ORDER BY count(*) DESC
"""


def progress(letter: Letter, now: datetime) -> Progress:
    first = Signature.objects.filter(letter=letter, is_first=True)
    states = dict(first.values_list("state").annotate(Count("pk")))
    values: dict[str, Any] = {
        "letter": letter.pk,
        "since": now - INVITATION_GOOD_FOR,
        "until": now - REMIND_AFTER,
        "complained": COMPLAINED,
    }
    with connection.cursor() as cursor:
        cursor.execute(WAITING, values)
        rows = cursor.fetchall()
    return Progress(
        signed=sum(states.get(state, 0) for state in [State.CONFIRMED, State.HELD, State.PUBLISHED]),
        waiting=states.get(State.INVITED, 0),
        declined=states.get(State.DECLINED, 0),
        over=states.get(State.EXPIRED, 0),
        came_back={row[0]: row[1] for row in rows if row[0]},
        owed=sum(row[2] for row in rows),
        held_off=sum(row[3] for row in rows),
        to_remind=sum(row[4] for row in rows),
    )


def signed_names(letter: Letter) -> list[Signature]:
    """The invited who have signed and whom organizers may see, in the order of the list."""
    signed = [State.CONFIRMED, State.HELD, State.PUBLISHED]
    found = Signature.objects.filter(letter=letter, is_first=True, state__in=signed).exclude(display=Display.NOBODY)
    return list(found.order_by("pk")[:NAMES_SHOWN])


def title_now(signature: Signature) -> str:
    """The letter's title as it stands: before it opens, a round that is called off may free the text again."""
    letter = signature.letter
    titles = Translation.objects.filter(revision=letter.current_revision_id, language=signature.language)
    return titles.values_list("title", flat=True).first() or letter.newest_title()
