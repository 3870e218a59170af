"""Sign for an organisation, confirm, withdraw, and decide about what waits.

Privacy: the public learns the organisation and its website, never the person.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from letters.base.changes.operations import LetterChange, change_letter, change_letter_unasked
from letters.base.outbox.enqueueing import new_email
from letters.base.switches.queries import is_on
from letters.models import (
    SALT_BYTES,
    EmailKind,
    Letter,
    MailRequest,
    Membership,
    OrganisationContact,
    OrganisationSignature,
    OrganisationState,
    OrganisationStep,
    Switch,
    User,
    takes_organisations,
)
from letters.moderator.organisations import queries
from letters.shared import wakeups
from letters.shared.addresses import Address, encrypt, hash_address
from letters.shared.batches import batches_of_ids
from letters.shared.refused import Refusal, Refused

Proof, Step = OrganisationSignature.Proof, OrganisationStep
EVERY_ROLE = list(Membership.Role)


@dataclass(frozen=True, kw_only=True)
class SubmittedOrganisation:
    """The cleaned input of someone who signs for an organisation."""

    name: str
    website: str
    domain: str
    person: str
    role: str
    address: Address
    address_domain: str


@transaction.atomic
def sign_for_organisation(
    letter: Letter, *, submitted: SubmittedOrganisation, language: str, seen: str, now: datetime
) -> None:
    """Store what someone typed, and email the address. It counts once the owner of the address has confirmed.

    Privacy: the same rows are written whether or not the address, or the organisation, has signed before. Only the
    email differs. A double click causes one email.

    Raises Refused if the letter does not accept signatures now, Refused("organisations_off") if it takes none of
    organisations, Refused("paused") if no letter does, and Refused("text_changed") if it says something else now.
    """
    _require_open(letter, now)
    revision = letter.current_revision
    if revision is None or str(revision.number) != seen:
        raise Refused(Refusal.TEXT_CHANGED)
    address_hash = hash_address(submitted.address.canonical)
    typed = {"letter": letter, "name": submitted.name, "website": submitted.website}
    recent = {"signed_at__gt": now - queries.SAME_FORM, "contact__address_hash": address_hash}
    if OrganisationSignature.objects.filter(**typed, **recent, state=OrganisationState.PENDING).exists():
        return
    row = OrganisationSignature.objects.create(
        **typed,
        revision=revision,
        domain=submitted.domain,
        language=language,
        salt=secrets.token_bytes(SALT_BYTES),
        signed_at=now,
    )
    contact = OrganisationContact.objects.create(
        organisation=row,
        name=submitted.person,
        role=submitted.role,
        address=encrypt(submitted.address.deliverable),
        address_hash=address_hash,
        domain=submitted.address_domain,
    )
    _email(EmailKind.ORGANISATION, row, contact, now)


def _require_open(letter: Letter, now: datetime) -> None:
    if not takes_organisations(letter):
        raise Refused(Refusal.ORGANISATIONS_OFF)
    if refusal := letter.refusal(now):
        raise Refused(refusal)
    if not is_on(Switch.Name.TAKE_SIGNATURES):
        raise Refused(Refusal.PAUSED)


def _email(kind: EmailKind, row: OrganisationSignature, contact: OrganisationContact, now: datetime) -> None:
    to = {"address_hash": bytes(contact.address_hash), "address": bytes(contact.address)}
    request = MailRequest.objects.create(letter_id=row.letter_id, language=row.language, requested_at=now, **to)
    new_email(kind, request.pk, row.pk, now=now, request=request).save()
    transaction.on_commit(wakeups.notify_mail_worker)


@transaction.atomic
def confirm_organisation(row: OrganisationSignature, *, now: datetime) -> None:
    """Confirm the address. With an address at the domain of the website, and nothing in doubt, the organisation is
    published at once; otherwise it waits for the organizers. Idempotent. Emails the control link.

    Raises Refused if the letter no longer accepts confirmations, Refused("organisations_off"), Refused("paused"), and
    Refused("organisation_signed") if one of the same domain is on the list.
    """
    change = change_letter_unasked(row.letter, by="signer", now=now)
    locked = OrganisationSignature.objects.select_for_update(no_key=True).get(pk=row.pk)
    if locked.state != OrganisationState.PENDING:
        return
    letter = locked.letter = change.letter
    if not takes_organisations(letter):
        raise Refused(Refusal.ORGANISATIONS_OFF)
    if refusal := letter.confirmation_refusal(now):
        raise Refused(refusal)
    if not is_on(Switch.Name.PUBLISH):
        raise Refused(Refusal.PAUSED)
    if queries.has_signed(letter, locked.domain):
        raise Refused(Refusal.ORGANISATION_SIGNED)
    contact = OrganisationContact.objects.get(pk=locked.pk)
    is_proven = queries.proves(contact.domain, locked.domain)
    doubt = queries.doubt_about(locked, is_proven=is_proven)
    proof = Proof.ADDRESS if is_proven else Proof.NONE
    found = {"confirmed_at": now, "proof": proof, "doubt": doubt}
    rows = OrganisationSignature.objects.filter(pk=locked.pk)
    if doubt:
        rows.move(Step.WAIT, **found)
    else:
        rows.move(Step.PUBLISH, **found, published_at=now)
        change.recount_organisations()
    _email(EmailKind.ORGANISATION_SIGNED, locked, contact, now)


@transaction.atomic
def withdraw_organisation(row: OrganisationSignature, *, now: datetime) -> None:
    """Delete everything about the organisation and the person. Idempotent.

    If the organizers rejected it, its domain stays: otherwise a new signing would undo the rejection.
    """
    change = change_letter_unasked(row.letter, by="signer", now=now)
    rows = OrganisationSignature.objects.filter(pk=row.pk).exclude(name="")
    locked = rows.select_for_update(no_key=True).first()
    if locked is None or locked.state == OrganisationState.PENDING:
        return
    OrganisationSignature.objects.filter(pk=row.pk).withdraw()
    change.record("withdraw_organisation", locked, details={"letter": locked.letter_id})
    if locked.state == OrganisationState.PUBLISHED:
        change.recount_organisations()


@transaction.atomic
def vouch_for_organisation(row: OrganisationSignature, *, because: str, by: User, now: datetime) -> None:
    """Publish an organisation that waits. The note says how the organizers know that it signs, and is recorded.

    Raises Refused("not_yours") for everyone but members of the letter's collective, Refused("no_reason") without a
    note, Refused("organisation_signed") if one of the same domain is on the list, and Refused("organisation_decided")
    if it does not wait any more.
    """
    change = change_letter(row.letter, EVERY_ROLE, by=by, now=now)
    locked = _locked(row)
    note = _required(because)
    if change.letter.is_ended:
        raise Refused(change.letter.status_refusal())
    if queries.has_signed(change.letter, locked.domain):
        raise Refused(Refusal.ORGANISATION_SIGNED)
    proof = locked.proof or Proof.VOUCHED
    _move(locked, Step.VOUCH, proof=proof, published_at=now, because=note, decided_at=now, decided_by=by)
    change.recount_organisations()
    _record(change, "vouch_for_organisation", locked, note)


@transaction.atomic
def reject_organisation(row: OrganisationSignature, *, because: str, by: User, now: datetime) -> None:
    """Reject an organisation that waits, or take one off the list. The person reads the reason behind their link.

    Raises Refused("not_yours") for everyone but members of the letter's collective and people who moderate the site,
    Refused("no_reason") without a reason, and Refused("organisation_decided") if it was withdrawn or rejected before.
    """
    change = change_letter(row.letter, EVERY_ROLE, by=by, now=now, or_site_moderator=True)
    locked, reason = _locked(row), _required(because)
    _move(locked, Step.REJECT, because=reason, decided_at=now, decided_by=by)
    if locked.state == OrganisationState.PUBLISHED:
        change.recount_organisations()
    _record(change, "reject_organisation", locked, reason)


@transaction.atomic
def restore_organisation(row: OrganisationSignature, *, by: User, now: datetime) -> None:
    """Undo a rejection: what was on the list is there again, and everything else waits again.

    Raises Refused as `reject_organisation`, and Refused("organisation_signed").
    """
    change = change_letter(row.letter, EVERY_ROLE, by=by, now=now, or_site_moderator=True)
    locked = _locked(row)
    if locked.is_emptied:
        raise Refused(Refusal.ORGANISATION_DECIDED)
    was_listed = locked.published_at is not None
    if was_listed and queries.has_signed(change.letter, locked.domain):
        raise Refused(Refusal.ORGANISATION_SIGNED)
    step = Step.RESTORE if was_listed else Step.RESTORE_UNPROVEN
    _move(locked, step, because="", decided_at=now, decided_by=by)
    if was_listed:
        change.recount_organisations()
    _record(change, "restore_organisation", locked)


def _locked(row: OrganisationSignature) -> OrganisationSignature:
    """Lock order: the caller has locked the letter."""
    return OrganisationSignature.objects.select_for_update(no_key=True).get(pk=row.pk)


def _required(because: str) -> str:
    if not because.strip():
        raise Refused(Refusal.NO_REASON)
    return because.strip()


def _move(locked: OrganisationSignature, step: OrganisationStep, **values: object) -> None:
    if not OrganisationSignature.objects.filter(pk=locked.pk).move(step, **values):
        raise Refused(Refusal.ORGANISATION_DECIDED)


def _record(change: LetterChange, verb: str, row: OrganisationSignature, reason: str = "") -> None:
    """Privacy: the record names the domain, which readers can know, and nobody."""
    change.record(verb, row, reason=reason, details={"letter": row.letter_id, "domain": row.domain})


def forget_unconfirmed(*, now: datetime) -> int:
    """Delete what nobody has confirmed within CONFIRMATION_DAYS, with the address. Returns how many."""
    before = now - timedelta(days=settings.CONFIRMATION_DAYS)
    old = OrganisationSignature.objects.filter(state=OrganisationState.PENDING, signed_at__lte=before)
    forgotten = 0
    for ids in batches_of_ids(old):
        with transaction.atomic():
            # Race: someone may confirm at this moment, so the conditions are checked again under the lock.
            doomed = list(old.filter(pk__in=ids).select_for_update().values_list("pk", flat=True))
            OrganisationSignature.objects.filter(pk__in=doomed).delete()
            forgotten += len(doomed)
    return forgotten
