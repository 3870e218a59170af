"""Withdraw or disown a signature, and delete everything about the person."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from letters.base.audit_log.operations import record
from letters.models import (
    EMPTIED,
    CarryOver,
    Display,
    Doubt,
    Featuring,
    Letter,
    OutgoingEmail,
    RejectionAppeal,
    Signature,
    SignerContact,
    SignerQuestion,
    SigningTrace,
    State,
    Submission,
    Transition,
)
from letters.shared import wakeups
from letters.signer.signing import queries
from letters.signer.signing.operations.detaching import detach_emails
from letters.signer.signing.operations.tracing import keep_networks, networks_of


def withdraw_signature(signature: Signature, *, now: datetime) -> None:
    """Delete everything about the signer. A published signature leaves its number behind, without a name.

    Idempotent. The address may sign again, as a new signature. If a moderator removed the signature, the keyed hash
    stays: otherwise anyone could undo the removal by withdrawing and signing again.
    """
    empty_signature(signature, Transition.WITHDRAW, now=now)


def disown_signature(signature: Signature, *, now: datetime, spelling_hash: bytes | None = None) -> None:
    """Disown a signature ("It wasn't me"): empty it, and send its address no more email about this letter.

    Abuse: many such audit records for one letter show moderators that someone signs for others. Do nothing if the link
    went to a different spelling of the address from the one that was confirmed.
    """

    def may_disown(locked: Signature) -> bool:
        return queries.may_disown(locked, spelling_hash)

    with transaction.atomic():
        networks = networks_of(signature)
        if empty_signature(signature, Transition.DISOWN, now=now, only_if=may_disown):
            details = {"letter": signature.letter_id, "confirmed": signature.confirmed_at is not None}
            # Privacy: then organizers do not read it, because it could say that someone has left.
            details |= {"sealed": True} if signature.letter.is_sealed else {}
            keep_networks(signature, networks, now)
            record("disown_signature", signature, by="signer", now=now, details=details)


@transaction.atomic
def empty_signature(
    signature: Signature,
    transition: Transition,
    *,
    now: datetime,
    only_if: Callable[[Signature], bool] = lambda _: True,
) -> bool:
    """Delete the words of a signature, its address, and the emails to it. Return whether there was anything to delete.

    Race: a moderator or the signer may act at the same time, so check the state and `only_if` under the lock.
    """
    if _is_empty(signature):
        return False
    # Lock order: letter, then signature.
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    row = Signature.objects.filter(pk=signature.pk)
    locked = row.select_for_update(no_key=True).first()
    if locked is None or _is_empty(locked) or not only_if(locked):
        return False
    if locked.state == State.REJECTED and transition == Transition.WITHDRAW:
        transition = Transition.WITHDRAW_REJECTED
    if not row.move(transition):
        return False
    # Invalidate the pages that show it now, whether or not a worker runs. Privacy: the version is public, so it must
    # not increase for a signature that no page shows, nor for a nameless entry, which stays until the next batch.
    if locked.state == State.PUBLISHED and (locked.display == Display.PUBLIC or locked.domain):
        Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
    _forget_person(locked, now)
    transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))
    return True


def _forget_person(signature: Signature, now: datetime) -> None:
    # Detach the emails first, because the domains that they keep come from these addresses.
    _forget_emails(signature, now)
    SignerContact.objects.filter(pk=signature.pk).delete()
    Submission.objects.filter(signature_id=signature.pk).delete()
    SigningTrace.objects.filter(signature_id=signature.pk).delete()
    Doubt.objects.filter(pk=signature.pk).delete()
    RejectionAppeal.objects.filter(signature_id=signature.pk).delete()
    SignerQuestion.objects.filter(signature_id=signature.pk).delete()
    Featuring.objects.filter(signature_id=signature.pk).delete()
    _forget_answers(signature)


def _forget_emails(signature: Signature, now: datetime) -> None:
    """Delete the emails of a signature that was just emptied; `signature` holds what it was before.

    Privacy: invitations that have ended stay. Organizers see how many there are, and the number must not change when
    one person answers.
    """
    emails = OutgoingEmail.objects.filter(signature_id=signature.pk)
    detach_emails(signature, now)
    has_ended = Q(sent_at__isnull=False) | Q(failed_at__isnull=False)
    emails.exclude(has_ended, kind=OutgoingEmail.Kind.INVITED).delete()


def _forget_answers(signature: Signature) -> None:
    """Delete the answers about changes of the text.

    Lock order: the caller must hold the letter's row, like every operation that counts answers.
    """
    for answer in signature.answers.all():
        said = "carried" if answer.carries else "stayed"
        CarryOver.objects.filter(pk=answer.question_id).update(**{said: F(said) - 1})
    signature.answers.all().delete()


def _is_empty(signature: Signature) -> bool:
    return signature.is_rejected_and_emptied or signature.state in EMPTIED
