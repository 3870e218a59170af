"""Withdraw, erase, or stop all email for an address, over all letters, for a person who has lost its mailbox."""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Q

from letters.base.audit_log.operations import record
from letters.base.changes.operations import change_letter_unasked
from letters.models import (
    AuditEvent,
    BlockRule,
    Letter,
    MailRequest,
    NameReport,
    OrganisationContact,
    OrganisationSignature,
    OrganisationState,
    OutgoingEmail,
    Report,
    Signature,
    StoppedAddress,
    User,
)
from letters.shared.addresses import Address, canonical, hash_address
from letters.shared.refused import Refusal, Refused
from letters.shared.text import normalized
from letters.signer.signing.operations import withdraw_signature

# Privacy: enough for the few people who write to the site, and too few to go through a staff list.
MAX_ADDRESSES_A_DAY = 5
MAX_PROOF = 500
VERB = "act_for_lost_mailbox"


class Act(StrEnum):
    WITHDRAW = "withdraw"
    ERASE = "erase"
    STOP = "stop"
    RESUME = "resume"


@transaction.atomic
def act_for_lost_mailbox(address: Address, act: Act, *, proof: str, by: User, now: datetime) -> None:
    """Do for an address, over all letters, what its owner can no longer do with an emailed link. Idempotent.

    `proof` says what the person showed, without personal data. Privacy: nothing is returned, so that nobody learns
    whether the address has signed. The audit record has the person who acted and a keyed hash of the address, which no
    other table has.

    Raises Refused("not_yours") for anyone who does not moderate the site, Refused("no_reason") without a proof,
    Refused("too_long"), Refused("names_an_address") if the proof contains an address, and
    Refused("many_lost_mailboxes") after MAX_ADDRESSES_A_DAY.
    """
    signed = Signature.objects.filter(address_hash=hash_address(address.canonical))
    contacts = OrganisationContact.objects.filter(address_hash=hash_address(address.canonical))
    letters = Q(pk__in=signed.values("letter")) | Q(pk__in=contacts.values("organisation__letter"))
    # Lock order: the letters, then the account, then the signatures.
    list(Letter.objects.filter(letters).order_by("pk").select_for_update(no_key=True))
    # Race: two acts at once wait for each other, so that both count.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    _require(proof, by, now)
    # Another hash than that of signatures. Privacy: records are permanent, and must not find who signed later.
    details = {"act": act.value, "address": hash_address(f"lost mailbox:{address.canonical}").hex()}
    record(VERB, by, by=by, now=now, reason=proof.strip(), details=details)
    if act in {Act.STOP, Act.RESUME}:
        _set_stopped(address, on=act == Act.STOP, now=now)
        return
    for signature in signed.order_by("letter_id", "pk"):
        withdraw_signature(signature, now=now)
    _withdraw_organisations(list(contacts.values_list("pk", flat=True)), now)
    if act == Act.ERASE:
        _forget_other_traces(address, now)


def _withdraw_organisations(ids: list[int], now: datetime) -> None:
    """Withdraw the organisations for which an address has signed. The caller has locked the letters."""
    rows = OrganisationSignature.objects.filter(pk__in=ids)
    # Nobody has confirmed these, so nothing of them has to stay.
    rows.filter(state=OrganisationState.PENDING).delete()
    listed = list(Letter.objects.filter(pk__in=rows.published().values("letter")).select_related("collective"))
    rows.withdraw()
    for letter in sorted(listed, key=lambda letter: letter.pk):
        change_letter_unasked(letter, by="signer", now=now).recount_organisations()


def _set_stopped(address: Address, *, on: bool, now: datetime) -> None:
    address_hash = hash_address(address.canonical)
    if on:
        StoppedAddress.objects.get_or_create(address_hash=address_hash, defaults={"stopped_at": now})
    else:
        StoppedAddress.objects.filter(address_hash=address_hash).delete()


def _require(proof: str, by: User, now: datetime) -> None:
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)
    if not proof.strip():
        raise Refused(Refusal.NO_REASON)
    if len(proof) > MAX_PROOF:
        raise Refused(Refusal.TOO_LONG)
    # Other characters look like "@" and mean it.
    if "@" in normalized("NFKC", proof):
        raise Refused(Refusal.NAMES_AN_ADDRESS)
    today = AuditEvent.objects.filter(object_kind="user", object_id=by.pk, verb=VERB, at__gt=now - timedelta(days=1))
    if today.count() >= MAX_ADDRESSES_A_DAY:
        raise Refused(Refusal.MANY_LOST_MAILBOXES)


def _forget_other_traces(address: Address, now: datetime) -> None:
    """Delete the address where its owner typed it for something else than signing."""
    address_hash = hash_address(address.canonical)
    requests = MailRequest.objects.filter(address_hash=address_hash)
    OutgoingEmail.objects.owed().filter(signature=None, request__in=requests.values("pk")).update(dropped_at=now)
    requests.update(address=None)
    NameReport.objects.filter(address_hash=address_hash).update(address=None, address_hash=None)
    # A rule about the address holds its hash.
    rules = BlockRule.objects.filter(kind=BlockRule.Kind.ADDRESS, digest=address_hash)
    rules.update(is_on=False, ended_at=now, digest=None)
    # The stored addresses can be compared only once they are decrypted. They are few, and go after half a year.
    reports = Report.objects.filter(address__isnull=False).values_list("pk", "address")
    same = [pk for pk, typed in reports.iterator() if typed and canonical(typed) == address.canonical]
    Report.objects.filter(pk__in=same).update(address=None, name="")
