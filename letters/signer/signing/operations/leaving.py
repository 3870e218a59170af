"""Withdraw or disown a signature, and leave nothing of the person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from letters.base.audit_log.operations import record
from letters.models import (
    COMPLAINED,
    OF_ORGANIZERS,
    WORDS,
    CarryOver,
    DeliveryQuerySet,
    Letter,
    MailRequest,
    OutgoingEmail,
    Signature,
    SignerContact,
    Submission,
)
from letters.shared import wakeups
from letters.signer.signing import queries


def withdraw_signature(signature: Signature, *, now: datetime) -> None:
    """The signer takes it back. Nothing about them is left; a published one leaves its number behind, without a name.

    Doing it twice changes nothing. The address may sign again, as a new signature; but if a moderator has taken out
    this one its hash stays, or everybody could undo that by withdrawing and signing once more.
    """
    empty_signature(signature, now=now, state=Signature.State.WITHDRAWN, address_hash=None)


def disown_signature(signature: Signature, *, now: datetime, spelling_hash: bytes | None = None) -> None:
    """ "It wasn't me": as a withdrawal, and the address gets no more mail about this letter, whoever types it.

    Recorded, since many of them on one letter tell its moderators that somebody signs for others. It does nothing if
    the signature has been confirmed with another spelling of the address than the one that the link went to.
    """

    def may_disown(stands: Signature) -> bool:
        return queries.may_disown(stands, spelling_hash)

    with transaction.atomic():
        if empty_signature(signature, now=now, only_if=may_disown, state=Signature.State.DISOWNED):
            details = {"letter": signature.letter_id, "confirmed": signature.confirmed_at is not None}
            record("disown_signature", signature, by="signer", now=now, details=details)


@transaction.atomic
def empty_signature(
    signature: Signature, *, now: datetime, only_if: Callable[[Signature], bool] | None = None, **values: Any
) -> bool:
    """Leave nothing of a person: not what was shown, nor the address, nor the mails to it. Whether there was any.

    Race: `only_if` is asked of the signature as it is once its row is locked.
    """
    if _is_empty(signature):
        return False
    # Lock order: the letter's row before the signature's, see above.
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    # As it stands now: a moderator may have judged it meanwhile.
    row = Signature.objects.filter(pk=signature.pk)
    stands = row.select_for_update(no_key=True).first()
    if stands is None or _is_empty(stands) or (only_if and not only_if(stands)):
        return False
    # Pages that show it are old from now on, with or without a worker. Privacy: only if there is one, see above.
    if stands.state == Signature.State.PUBLISHED:
        Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
    if stands.state == Signature.State.REJECTED and values["state"] == Signature.State.WITHDRAWN:
        values = {"confirmed_at": None, "verified": Signature.Verified.NO}
    values = {"pending_changes": None, "declined_changes": None, "spelling_hash": None, **values}
    row.update(**dict.fromkeys([*WORDS, "via"], ""), **values)
    SignerContact.objects.filter(pk=signature.pk).delete()
    Submission.objects.filter(signature_id=signature.pk).delete()
    _forget_emails(stands, now)
    _forget_answers(signature)
    transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))
    return True


def _is_pending(signature: Signature) -> bool:
    return signature.state == Signature.State.PENDING


# In the keys of emails that are remembered without their signature.
LEFT = "left:"


def _forget_emails(signature: Signature, now: datetime) -> None:
    """Those of a signature that is emptied; it is as it was before.

    Privacy: invitations that have ended stay. The organizers' numbers of them must not move when one person answers.
    """
    emails = OutgoingEmail.objects.filter(signature_id=signature.pk)
    _keep_count(signature, emails, now)
    has_ended = Q(sent_at__isnull=False) | Q(failed_at__isnull=False)
    emails.exclude(has_ended, kind=OutgoingEmail.Kind.INVITED).delete()


def _keep_count(signature: Signature, emails: DeliveryQuerySet, now: datetime) -> None:
    """Remember for a day that these emails left for the address. Otherwise whoever signs, withdraws and signs again
    could have any number of emails sent to one address.

    What its owner called spam is remembered for good, as of an address that has not signed.
    """
    if signature.address_hash is None:
        return
    counted = emails.exclude(kind__in=[OutgoingEmail.Kind.THANKS, *OF_ORGANIZERS]).filter(dropped_at=None)
    # Tried, and not settled: it may be leaving at this moment. Its worker will find nothing to settle.
    under_way = Q(sent_at=None, failed_at=None, attempts__gt=0)
    since, called_spam = now - queries.DAY, Q(error=COMPLAINED)
    for email in counted.filter(Q(sent_at__gt=since) | Q(failed_at__gt=since) | under_way | called_spam):
        request = MailRequest.objects.create(
            letter_id=signature.letter_id,
            language=signature.language,
            address_hash=signature.address_hash,
            requested_at=email.created_at,
        )
        OutgoingEmail.objects.filter(pk=email.pk).update(
            kind=OutgoingEmail.Kind.REQUESTED,
            key=f"{LEFT}{email.pk}",
            request=request,
            signature=None,
            submission=None,
            sent_at=None if email.failed_at else email.sent_at or now,
        )


def _forget_answers(signature: Signature) -> None:
    """What they have said about changes of the text. The letter's row is held, as by all who count answers."""
    for answer in signature.answers.all():
        said = "carried" if answer.carries else "stayed"
        CarryOver.objects.filter(pk=answer.question_id).update(**{said: F(said) - 1})
    signature.answers.all().delete()


def _is_empty(signature: Signature) -> bool:
    return signature.is_taken_back or signature.state in {Signature.State.WITHDRAWN, Signature.State.DISOWNED}
