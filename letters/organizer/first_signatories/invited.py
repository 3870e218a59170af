"""Read the organizers' list of the people whom they invited to sign first.

Privacy: everything here depends on what organizers typed and did, on the first email to each person, on time, and on
names that the public reads. Whether someone answered, and how, changes nothing. So the list looks the same if a person
signs without a name, declines, or does nothing.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db.models import QuerySet

from letters.models import (
    COUNTED,
    INVITATION_LIFETIME,
    Display,
    InvitationBatch,
    InvitedPerson,
    Letter,
    OutgoingEmail,
    Signature,
)
from letters.organizer.first_signatories.paging import ListPage, page_in
from letters.organizer.first_signatories.signatory_import import Person
from letters.shared.addresses import decrypt, encrypt

# Names whose order organizers can set.
MAX_ORDERED = 200


def digest_of(letter_id: int, address_hash: bytes) -> bytes:
    """Return the keyed hash by which the list identifies a person.

    Stolen data: it is not the hash that a signature holds. Otherwise a thief with ADDRESS_KEYS alone could read the
    names of invited people who signed without one.
    """
    message = b"invited:%d:" % letter_id + address_hash
    return hmac.digest(settings.ADDRESS_HASH_KEY.encode(), message, hashlib.sha256)


def shortened(address: str) -> str:
    """Return just enough of an address for the person who typed it to recognise it."""
    local, _, domain = address.rpartition("@")
    if len(local) < 6:
        return f"{local[:1]}…@{domain}"
    return f"{local[:2]}…{local[-1]}@{domain}"


def encrypted_line(person: Person) -> bytes:
    return encrypt(json.dumps([person.name, shortened(person.address.deliverable)], ensure_ascii=False))


State = Literal["signed", "cancelled", "undelivered", "ended", "invited"]


@dataclass(frozen=True)
class Line:
    """One person, as organizers see them."""

    person: InvitedPerson
    name: str
    mailbox: str
    state: State
    can_resend: bool

    @property
    def can_cancel(self) -> bool:
        return self.state in {"invited", "undelivered"}


def invited_people(letter: Letter, *, now: datetime, page: int) -> ListPage[Line]:
    """Return one page of the list, the newest batch first."""
    invited = InvitedPerson.objects.filter(letter=letter)
    total = invited.count()
    number, pages, shown = page_in(total, page)
    newest = invited.select_related("batch").order_by("-batch__created_at", "line", "pk")
    people = list(newest[shown])
    public = {_folded(name) for name in public_names(letter).values_list("name", flat=True)} if people else set()
    return ListPage([_line(person, public, now) for person in people], number, pages, total)


def public_names(letter: Letter) -> QuerySet[Signature]:
    """Select the first signatories whose names the public reads."""
    return Signature.objects.filter(letter=letter, is_first=True, state=COUNTED, display=Display.PUBLIC)


def ordered_names(letter: Letter) -> list[Signature]:
    """Return these signatories in the order of the letter's page."""
    places = {number: place for place, number in enumerate(letter.first_order)}
    names = public_names(letter).order_by("number")
    return sorted(names, key=lambda each: places.get(each.number or 0, len(places)))[:MAX_ORDERED]


def _line(person: InvitedPerson, public: set[str], now: datetime) -> Line:
    name, mailbox = _words(person)
    state = _state(person, name, public, now)
    return Line(person, name, mailbox, state, can_resend=state == "invited" and person.resent_at is None)


def _words(person: InvitedPerson) -> tuple[str, str]:
    try:
        name, mailbox = json.loads(decrypt(person.encrypted))
    except InvalidToken:
        return "", ""
    return str(name), str(mailbox)


def _state(person: InvitedPerson, name: str, public: set[str], now: datetime) -> State:
    """Return the state of a person.

    Privacy: "signed" compares two names that the organizers know already, and looks at no answer. A person who signs
    under another name than the one on the list stays "invited".
    """
    if name and _folded(name) in public:
        return "signed"
    if person.cancelled_at:
        return "cancelled"
    if person.undelivered_at:
        return "undelivered"
    return "invited" if is_open(person, now) else "ended"


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def is_open(person: InvitedPerson, now: datetime) -> bool:
    """Return whether the invitation can still be answered, as far as organizers know."""
    return person.cancelled_at is None and person.batch.created_at + INVITATION_LIFETIME > now


def signature_behind(person: InvitedPerson) -> int | None:
    """Return the id of the signature that the invitation is about, whatever its state.

    Timing defence: the signatures of all invited people are compared, whichever one is wanted.
    """
    invited = Signature.objects.filter(letter=person.letter_id, is_first=True, address_hash__isnull=False)
    found = None
    for pk, address_hash in invited.values_list("pk", "address_hash"):
        if hmac.compare_digest(digest_of(person.letter_id, bytes(address_hash or b"")), bytes(person.digest)):
            found = pk
    return found


def words_of(letter_id: int, batch_at: datetime) -> tuple[str, str]:
    """Return the sender and the note of the batch that was created at this moment; empty if there are none."""
    batch = InvitationBatch.objects.filter(letter=letter_id, created_at=batch_at).first()
    return batch.words if batch else ("", "")


def last_words(letter: Letter) -> tuple[str, str]:
    """Return the sender and the note of the newest batch, to propose for the next one; empty if no key fits."""
    batch = InvitationBatch.objects.filter(letter=letter).order_by("-created_at").first()
    try:
        return batch.words if batch else ("", "")
    except InvalidToken:
        return "", ""


def first_bounces(letters: Iterable[int]) -> set[tuple[int, bytes]]:
    """Return the letters and digests of people whose first invitation bounced.

    Privacy: a reminder that bounces says nothing here. It goes only to people who have not answered, so a mailbox that
    was closed since would tell which they are.
    """
    back = OutgoingEmail.objects.filter(kind=OutgoingEmail.Kind.INVITED, key__startswith="invited:")
    back = back.filter(failed_at__isnull=False, signature__letter__in=letters)
    hashes = back.filter(signature__address_hash__isnull=False)
    rows = hashes.values_list("signature__letter", "signature__address_hash")
    return {(letter_id, digest_of(letter_id, bytes(hash_ or b""))) for letter_id, hash_ in rows}
