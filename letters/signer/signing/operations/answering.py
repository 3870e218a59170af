"""Answer a moderator's question: with a link to a public profile, or by proving an address at an organisation."""

import hmac
from datetime import datetime

from django.db import transaction

from letters.base.outbox.enqueueing import new_email
from letters.models import (
    MAX_PROOF_EMAILS,
    AddressProof,
    EmailKind,
    MailRequest,
    OutgoingEmail,
    Signature,
    SignerQuestion,
    next_daily_hour,
)
from letters.shared import wakeups
from letters.shared.addresses import Address, encrypt, hash_address
from letters.shared.codes import MAX_TRIES, code_of
from letters.shared.domains import domain_of
from letters.shared.refused import Refusal, Refused
from letters.signer.signing import queries


@transaction.atomic
def answer_question(signature: Signature, *, link: str, now: datetime) -> None:
    """Store the answer. The signature comes back to the review queue on the next day. Idempotent.

    Raises Refused("nothing_asked") if no question waits for an answer: a moderator has decided since, it was answered
    already, or the time is over.
    """
    locked, question = _lock(signature)
    if question and question.link == link:
        return
    question = _waiting(question, now)
    question.link = link
    _store_answer(locked, question, now)


@transaction.atomic
def send_proof_code(signature: Signature, *, address: Address, now: datetime) -> None:
    """Create the email with a code for an address with which the signer wants to answer. It ends the previous code.

    Nothing depends on who owns the address, and whether it has signed anything. A double click causes one email.

    Raises Refused("nothing_asked"), and Refused("many_proof_emails") after MAX_PROOF_EMAILS.
    """
    locked, found = _lock(signature)
    question = _waiting(found, now)
    address_hash = hash_address(address.canonical)
    proof = AddressProof.objects.filter(question=question).first()
    if proof and _is_on_its_way(proof, address_hash):
        return
    emails = proof.emails if proof else 0
    if emails >= MAX_PROOF_EMAILS:
        raise Refused(Refusal.MANY_PROOF_EMAILS)
    request = MailRequest.objects.create(
        letter_id=locked.letter_id,
        language=locked.language,
        address_hash=address_hash,
        address=encrypt(address.deliverable),
        requested_at=now,
    )
    email = new_email(EmailKind.ADDRESS_PROOF, request.pk, now=now, request=request)
    email.save()
    begun = {"signature": locked, "email_id": email.pk, "domain": domain_of(address.deliverable), "emails": emails + 1}
    AddressProof.objects.update_or_create(question=question, defaults={**begun, "tries": 0, "expires_at": None})
    transaction.on_commit(wakeups.notify_mail_worker)


def prove_address(signature: Signature, *, code: str, now: datetime) -> None:
    """Answer with the address to which the newest code went. Only its domain is stored.

    Raises Refused("nothing_asked"), and Refused("wrong_proof_code") for a code that is wrong, or old, or was tried too
    often.
    """
    # The count of tries must stay if the code is wrong, so nothing is raised inside the transaction.
    if not _takes_code(signature, code, now):
        raise Refused(Refusal.WRONG_PROOF_CODE)


@transaction.atomic
def _takes_code(signature: Signature, code: str, now: datetime) -> bool:
    locked, found = _lock(signature)
    question = _waiting(found, now)
    proof = AddressProof.objects.filter(question=question).first()
    if proof is None or not proof.takes_code(now) or proof.tries >= MAX_TRIES:
        return False
    # Security: a try is counted before it is compared. The lock keeps simultaneous tries apart.
    proof.tries += 1
    proof.save(update_fields=["tries"])
    if not hmac.compare_digest(code, code_of(proof.email_id, salt=locked.salt)):
        return False
    question.domain = proof.domain
    _store_answer(locked, question, now)
    # Privacy: from here on, nothing leads from the signature to the address.
    MailRequest.objects.filter(outgoing_emails=proof.email_id).update(address=None)
    proof.delete()
    return True


def forget_proofs(*, now: datetime) -> None:
    """Delete what signers began to prove and did not finish in time."""
    AddressProof.objects.filter(question__until__lte=now).delete()


def _lock(signature: Signature) -> tuple[Signature, SignerQuestion | None]:
    # Race: a second click, or a moderator who decides, waits here.
    locked = Signature.objects.select_for_update(no_key=True).get(pk=signature.pk)
    return locked, queries.question_to(locked)


def _waiting(question: SignerQuestion | None, now: datetime) -> SignerQuestion:
    if question is None or not question.may_answer(now):
        raise Refused(Refusal.NOTHING_ASKED)
    return question


def _is_on_its_way(proof: AddressProof, address_hash: bytes) -> bool:
    """Return whether an email to the same address has not left yet."""
    return OutgoingEmail.objects.owed().filter(pk=proof.email_id, request__address_hash=address_hash).exists()


def _store_answer(signature: Signature, question: SignerQuestion, now: datetime) -> None:
    question.answered_at = now
    # Privacy: a moderator who watches a company's network must not see an answer a minute after a visit.
    question.reaches_at = next_daily_hour(signature.letter.zone(), now)
    question.save(update_fields=["link", "domain", "answered_at", "reaches_at"])
