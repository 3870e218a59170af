"""What the round of first signatories reads: whom to invite, and what its organizers may know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from cryptography.fernet import InvalidToken
from django.db.models import Count, Q, QuerySet

from letters.base.audit_log.queries import events_of
from letters.models import (
    CAME_BACK,
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

# Nobody is reminded sooner.
REMIND_AFTER = timedelta(days=1)
# A list that was sent in and not confirmed is forgotten then.
LIST_RETENTION = timedelta(hours=1)
# So many names of those who have signed are shown to organizers.
NAMES_SHOWN = 200


def round_refusal(letter: Letter, now: datetime) -> Refusal | Literal[""]:
    """Why nobody can be invited to be among the first at this moment; empty if they can."""
    if letter.status == Letter.Status.DRAFT:
        return ""
    refusal = letter.refusal(now)
    if refusal != Refusal.LETTER_NOT_OPEN_YET:
        return refusal or Refusal.LETTER_OPEN
    return Refusal.LETTER_OPEN if _has_been_signed_by_form(letter) else ""


def _has_been_signed_by_form(letter: Letter) -> bool:
    """The form has been open. Asked in the words of partial indexes: few rows are looked at, however many there are."""
    others = Signature.objects.filter(letter=letter, is_first=False)
    found = [Q(number__isnull=False), Q(state__in=UNDERWAY), Q(state=State.CONFIRMED)]
    return any(others.filter(each).exists() for each in found)


def list_of(letter: Letter, person: User, now: datetime) -> SignatoryList | None:
    """The list that this organizer has sent in and not confirmed yet."""
    return SignatoryList.objects.filter(letter=letter, sent_by=person, created_at__gt=now - LIST_RETENTION).first()


def rows_of(kept: SignatoryList, encoding: str = "") -> list[Row]:
    """Its rows, read as if it had been written in this encoding; none if its key is gone, or if what reads lists has
    become stricter since it was sent in. Raises UnreadableList("encoding").
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
    """The people on a list who may be invited, by the hash of the address; and the lines of those who may not.

    Privacy: this depends on the list and on the letter's domains alone. Who is known already is for `unknown_among`,
    and no page and no number may tell.
    """

    eligible: dict[bytes, Person] = field(default_factory=dict)
    # At none of the domains to which the letter is limited.
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
    """Those to write to: not invited now, not signed, not disowned, and never said no."""
    found = Signature.objects.filter(letter=letter, address_hash__in=list(eligible))
    found = found.exclude(state__in=Transition.INVITE_AGAIN.sources)
    known = {bytes(digest) for digest in found.values_list("address_hash", flat=True) if digest}
    return {digest: person for digest, person in eligible.items() if digest not in known}


def listed(letter: Letter) -> int:
    """How many addresses its organizers have sent in, each list for itself: the record says so, and nobody's answer
    changes it.
    """
    return sum(details["invited"] for details in _imports(letter).values_list("details", flat=True))


def _imports(letter: Letter) -> QuerySet[AuditEvent]:
    return events_of(letter).filter(verb="invite_first_signers")


def expired_among(letter: Letter, hashes: Sequence[bytes]) -> dict[bytes, int]:
    """Ids of invitations that were taken back or never answered, by the hash: they are made anew."""
    found = Signature.objects.filter(letter=letter, address_hash__in=hashes)
    found = found.filter(state__in=Transition.INVITE_AGAIN.sources)
    return {bytes(digest): pk for digest, pk in found.values_list("address_hash", "pk") if digest}


@dataclass(frozen=True)
class Progress:
    """How the round stands, as far as organizers may know.

    Privacy: nothing here moves when one person answers, is taken back, or turns out to be known. An organizer who saw
    such a number could ask about one address after another.
    """

    # Addresses sent in, each list for itself.
    listed: int
    # Emails that came back, by the reason in short. Taking an invitation back changes none of them.
    came_back: dict[str, int]


def progress(letter: Letter) -> Progress:
    back = OutgoingEmail.objects.filter(CAME_BACK, kind=OutgoingEmail.Kind.INVITED, signature__letter=letter)
    # Whether or not they are still among the first: an expired one who is signed for by the form is not.
    reasons = back.values_list("error").annotate(number=Count("pk"))
    return Progress(listed(letter), dict(reasons.order_by("-number", "error")))


def signed_names(letter: Letter) -> list[Signature]:
    """The invited who have signed and whom organizers may see, by name: the order of the list says nothing here."""
    found = Signature.objects.filter(letter=letter, is_first=True, state__in=CONFIRMED).exclude(display=Display.NOBODY)
    return list(found.order_by("name", "salt")[:NAMES_SHOWN])


def title_now(signature: Signature) -> str:
    """The letter's title as it stands: before it opens, a round that is called off may free the text again."""
    letter = signature.letter
    titles = Translation.objects.filter(revision=letter.current_revision_id, language=signature.language)
    return titles.values_list("title", flat=True).first() or letter.newest_title()
