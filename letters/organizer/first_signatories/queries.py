"""Read whom organizers may invite as first signatories, and what they may know about the invitations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from cryptography.fernet import InvalidToken
from django.db.models import Count, Q, QuerySet

from letters.base.audit_log.queries import events_of
from letters.models import (
    BOUNCED_OR_REPORTED,
    CONFIRMED,
    UNDERWAY,
    AuditEvent,
    Display,
    Letter,
    OutgoingEmail,
    SignatoryList,
    Signature,
    State,
    Transition,
    Translation,
    User,
)
from letters.organizer.first_signatories.signatory_import import Person, Row, UnreadableList, read_again, read_rows
from letters.shared.addresses import decrypt, hash_address
from letters.shared.domains import domain_of, match_domain
from letters.shared.refused import Refusal

# A reminder can be sent from this long after an invitation.
REMIND_AFTER = timedelta(days=1)
# An uploaded list that nobody confirmed is deleted after this time.
LIST_RETENTION = timedelta(hours=1)
# Organizers see at most this many names of first signatories.
NAMES_SHOWN = 200


def invitation_refusal(letter: Letter, now: datetime) -> Refusal | Literal[""]:
    """Return why nobody can be invited as a first signatory now; empty if they can."""
    if letter.is_sealed:
        return Refusal.LETTER_SEALED
    if letter.status == Letter.Status.DRAFT:
        return ""
    refusal = letter.refusal(now)
    if refusal != Refusal.LETTER_NOT_OPEN_YET:
        return refusal or Refusal.LETTER_OPEN
    return Refusal.LETTER_OPEN if _has_been_signed_by_form(letter) else ""


def reminder_refusal(letter: Letter, now: datetime) -> Refusal | Literal[""]:
    """Return why invitations cannot be resent now; empty if they can. They can be resent even if the letter is open."""
    refusal = invitation_refusal(letter, now)
    return "" if refusal == Refusal.LETTER_OPEN else refusal


def _has_been_signed_by_form(letter: Letter) -> bool:
    """Return whether anyone has signed with the form.

    Performance: the conditions match partial indexes, so the query reads few rows whatever their number.
    """
    others = Signature.objects.filter(letter=letter, is_first=False)
    found = [Q(number__isnull=False), Q(state__in=UNDERWAY), Q(state=State.CONFIRMED)]
    return any(others.filter(each).exists() for each in found)


def list_of(letter: Letter, person: User, now: datetime) -> SignatoryList | None:
    """Return the list that this organizer has uploaded and not confirmed yet."""
    return SignatoryList.objects.filter(letter=letter, sent_by=person, created_at__gt=now - LIST_RETENTION).first()


def rows_of(kept: SignatoryList, encoding: str = "") -> list[Row]:
    """Return the rows of a list, read in this encoding.

    Returns no rows if the key is gone, or if the import has become stricter since the upload. Raises
    UnreadableList("encoding").
    """
    try:
        text = decrypt(kept.encrypted)
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
    """The people on a list who may be invited, by the hash of their address, and the lines of the others.

    Privacy: this depends only on the list and the letter's domains. `unknown_among` finds the people who are known
    already, and no page and no number may reveal it.
    """

    eligible: dict[bytes, Person] = field(default_factory=dict)
    # Lines whose address is at none of the domains that the letter accepts.
    elsewhere: list[int] = field(default_factory=list)


def sort_out(letter: Letter, people: Sequence[Person]) -> SortedOut:
    sorted_out = SortedOut()
    for person in people:
        if letter.domains and not match_domain(domain_of(person.address.deliverable), letter.domains):
            sorted_out.elsewhere.append(person.line)
        else:
            sorted_out.eligible[hash_address(person.address.canonical)] = person
    return sorted_out


def unknown_among(letter: Letter, eligible: Mapping[bytes, Person]) -> dict[bytes, Person]:
    """Return the people to write to, who have not been invited, signed, disowned a signature or declined before."""
    invited_or_signed = Signature.objects.filter(letter=letter, address_hash__in=list(eligible))
    invited_or_signed = invited_or_signed.exclude(state__in=Transition.INVITE_AGAIN.sources)
    known = {bytes(digest) for digest in invited_or_signed.values_list("address_hash", flat=True) if digest}
    return {digest: person for digest, person in eligible.items() if digest not in known}


def listed(letter: Letter) -> int:
    """Return how many addresses organizers have sent in, each list counted separately.

    The numbers come from the audit records, so nobody's answer changes them.
    """
    return sum(details["invited"] for details in _imports(letter).values_list("details", flat=True))


def _imports(letter: Letter) -> QuerySet[AuditEvent]:
    return events_of(letter).filter(verb="invite_first_signers")


def expired_among(letter: Letter, hashes: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of withdrawn and expired invitations by hash. They can be renewed."""
    expired = Signature.objects.filter(letter=letter, address_hash__in=hashes)
    expired = expired.filter(state__in=Transition.INVITE_AGAIN.sources)
    return {bytes(digest): pk for digest, pk in expired.values_list("address_hash", "pk") if digest}


@dataclass(frozen=True)
class Progress:
    """The state of a letter's invitations, as far as organizers may know it.

    Privacy: no number here changes when one person answers, is uninvited, or turns out to be known. Otherwise an
    organizer could test one address after another.
    """

    # Addresses sent in, each list counted separately.
    listed: int
    # Bounced emails by their reason. Withdrawing an invitation does not change these.
    bounced: dict[str, int]


def progress(letter: Letter) -> Progress:
    back = OutgoingEmail.objects.filter(BOUNCED_OR_REPORTED, kind=OutgoingEmail.Kind.INVITED, signature__letter=letter)
    # Do not filter by `is_first`: an expired invitation loses it when its owner signs with the form.
    reasons = back.values_list("error").annotate(number=Count("pk"))
    return Progress(listed(letter), dict(reasons.order_by("-number", "error")))


def signed_names(letter: Letter) -> list[Signature]:
    """Return the first signatories who have signed and show their name.

    Privacy: they are sorted by name, because the order of the list would reveal who the others are.
    """
    signatures = Signature.objects.filter(letter=letter, is_first=True, state__in=CONFIRMED).exclude(
        display=Display.NOBODY
    )
    # In memory, because the database cannot read all names.
    return sorted(signatures, key=lambda each: (each.name, bytes(each.salt)))[:NAMES_SHOWN]


def title_now(signature: Signature) -> str:
    """Return the current title. Until the letter opens, cancelling all invitations can make its text editable again."""
    letter = signature.letter
    titles = Translation.objects.filter(revision=letter.current_revision_id, language=signature.language)
    return titles.values_list("title", flat=True).first() or letter.newest_title()
