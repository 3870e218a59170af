"""Read organisations, and what the emails to the people who signed for them need."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings

from letters.base.outbox.built import Drop, DropReason
from letters.base.public_names.queries import is_in_use
from letters.base.site_lists.queries import is_throwaway
from letters.models import (
    Letter,
    MailRequest,
    Membership,
    OrganisationContact,
    OrganisationSignature,
    OrganisationState,
    OutgoingEmail,
    Translation,
    User,
)
from letters.moderator.signals.queries import current_lists
from letters.moderator.signals.word_lists import Text
from letters.shared.addresses import decrypt
from letters.shared.domains import is_private
from letters.shared.lookalikes import key_of_name
from letters.shared.odd_names import has_link
from letters.shared.tokens import read_token

MAX_LISTED = 200
# A form that is sent again within this time, with the same words, is a double click.
SAME_FORM = timedelta(minutes=5)
Doubt = OrganisationSignature.Doubt


def of_token(purpose: str, text: str) -> tuple[OrganisationSignature, datetime] | None:
    """Return the organisation of an emailed link, and when the link was made; None if it is gone, or not ours."""
    token = read_token(purpose, text)
    row = OrganisationSignature.objects.of(token.signature_id).first() if token else None
    return (row, token.issued_at) if token and row and token.matches(row.salt) else None


def is_expired(made_at: datetime, now: datetime) -> bool:
    """Return whether a link to confirm is too old."""
    return now - made_at > timedelta(days=settings.CONFIRMATION_DAYS)


def proves(address_domain: str, website_domain: str) -> bool:
    """Return whether an address shows that the organisation signs: it is at the domain of the website.

    Abuse: anyone gets an address at a provider of private or disposable mailboxes, so those prove nothing.
    """
    is_anyones = is_private(address_domain) or is_throwaway(address_domain)
    return address_domain == website_domain and not is_anyones


def is_odd(name: str) -> bool:
    """Return whether the organizers look at a name first: it has a web address or an abusive word, or looks like the
    name of a collective that publishes here.
    """
    words, abusive = Text.of(name), current_lists().abusive
    is_abusive = abusive.found_in(words) or abusive.disguised_in(words)
    return bool(has_link(name) or is_abusive or is_in_use(key_of_name(name), by_others_than=None))


def doubt_about(row: OrganisationSignature, *, is_proven: bool) -> OrganisationSignature.Doubt:
    """Return why the organizers decide; none if the organisation can be published at once."""
    same = OrganisationSignature.objects.filter(letter=row.letter_id, domain=row.domain)
    if not is_proven:
        return Doubt.ADDRESS
    if same.filter(state=OrganisationState.REJECTED).exists():
        return Doubt.REJECTED
    if is_odd(row.name):
        return Doubt.NAME
    return Doubt.REVIEWED if row.letter.reviewed else Doubt.NONE


def has_signed(letter: Letter, domain: str) -> bool:
    """Return whether the list of the letter shows an organisation of this domain."""
    return OrganisationSignature.objects.published().filter(letter=letter, domain=domain).exists()


def title_in(letter: Letter, language: str) -> str:
    """Return the public title in this language, or else in the letter's own."""
    texts = Translation.objects.filter(revision=letter.current_revision_id or 0)
    titles = dict(texts.filter(language__in=[language, letter.language]).values_list("language", "title"))
    return titles.get(language) or titles.get(letter.language, "")


@dataclass(frozen=True)
class AskedFor:
    """The subject of an email: an address that someone typed, encrypted, and an organisation."""

    row: OrganisationSignature
    address: bytes
    address_hash: bytes
    language: str


def asked_for(outgoing: OutgoingEmail) -> AskedFor | Drop:
    """Return what an email is about, or why there is none any more."""
    request = MailRequest.objects.filter(pk=outgoing.request_id or 0).first()
    row = OrganisationSignature.objects.of(int(outgoing.key.rpartition(":")[2])).first()
    if request is None or row is None:
        return Drop(DropReason.GONE)
    if request.address is None:
        return Drop(DropReason.NO_ADDRESS)
    return AskedFor(row, bytes(request.address), bytes(request.address_hash), request.language)


def confirmed_by(row: OrganisationSignature, asked: AskedFor) -> OrganisationSignature | None:
    """Return what this spelling of an address has confirmed before for the same organisation under the same letter.

    Privacy: another spelling may be another person's mailbox, and gets no control link.
    """
    known = [OrganisationState.WAITING, OrganisationState.PUBLISHED, OrganisationState.REJECTED]
    same = {"organisation__letter": row.letter_id, "organisation__domain": row.domain, "organisation__state__in": known}
    contacts = OrganisationContact.objects.filter(address_hash=asked.address_hash, **same)
    for contact in contacts.select_related("organisation__letter__collective").order_by("-pk")[:MAX_LISTED]:
        try:
            typed, before = decrypt(asked.address), decrypt(contact.address)
        except InvalidToken:
            continue
        if hmac.compare_digest(typed.lower().encode(), before.lower().encode()):
            return contact.organisation
    return None


def organisations_of(letter: Letter, states: Collection[str]) -> list[OrganisationSignature]:
    """Return the organisations of a letter in these states, with the people, for its organizers."""
    rows = OrganisationSignature.objects.filter(letter=letter, state__in=states).exclude(name="")
    return list(rows.select_related("contact", "revision", "letter").order_by("-confirmed_at", "-pk")[:MAX_LISTED])


def waiting_for(person: User) -> list[OrganisationSignature]:
    """Return the organisations that wait for a decision, of this person's letters, the longest wait first.

    People who moderate the whole site get those of all letters.
    """
    letters = Letter.objects.public()
    if not person.moderates_site_now():
        letters = letters.cared_for_by(person, Membership.Role.values)
    rows = OrganisationSignature.objects.waiting().filter(letter__in=letters)
    return list(rows.select_related("letter__collective", "contact")[:MAX_LISTED])
