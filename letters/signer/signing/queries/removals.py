"""Read what moderators and organizers decided about a signature or ask its signer, for that signer alone."""

from dataclasses import dataclass
from datetime import datetime

from letters.models import (
    CONFIRMED,
    AddressProof,
    CommentHiding,
    Featuring,
    MailRequest,
    OutgoingEmail,
    RejectionAppeal,
    RejectionReason,
    ReviewDecision,
    Signature,
    SignerQuestion,
    State,
    can_be_appealed_until,
)
from letters.shared.languages import interface_language


@dataclass(frozen=True)
class Removal:
    """The decision by which a signature is rejected now."""

    decision: ReviewDecision
    # The appeal against it, or the one that it has settled.
    appeal: RejectionAppeal | None
    language: str

    @property
    def because(self) -> str:
        """Return the sentence of the reason, in the signer's language, with the words that it had at the decision.

        It is "" if the reason was not from the list. Privacy: what a moderator wrote for other moderators is never
        told, because it may be about someone else.
        """
        # Decisions that are older than the list name only a code.
        older = RejectionReason.objects.filter(code=self.decision.reason).order_by("pk")
        reason = self.decision.because or older.first()
        return reason.sentence_in(interface_language(self.language)) if reason else ""

    @property
    def appeal_until(self) -> datetime:
        return can_be_appealed_until(self.decision)

    def may_appeal(self, now: datetime) -> bool:
        """Return whether the signer can still appeal: once, and not against the decision on an appeal."""
        return self.appeal is None and now < self.appeal_until


def removal_of(signature: Signature) -> Removal | None:
    """Return how the signature was removed; None if it is not, or if its signer deleted it, or if a moderator decides
    again without an appeal.
    """
    if signature.state != State.REJECTED or signature.is_rejected_and_emptied:
        return None
    # A moderator who puts an appeal on hold has decided nothing.
    made = ReviewDecision.objects.filter(signature=signature, undone_at=None).exclude(verb=ReviewDecision.Verb.HOLD)
    decision = made.select_related("because", "bulk", "appeal", "settled_appeal").order_by("-pk").first()
    if decision is None or decision.verb != ReviewDecision.Verb.REJECT:
        return None
    appeal = getattr(decision, "appeal", None) or getattr(decision, "settled_appeal", None)
    decides_again = signature.concern == Signature.Concern.RECHECK and not (appeal and appeal.waits)
    return None if decides_again else Removal(decision, appeal, signature.language)


def question_to(signature: Signature) -> SignerQuestion | None:
    """Return what a moderator asks the signer, if nobody has decided since."""
    decision = ReviewDecision.objects.filter(signature=signature, undone_at=None).order_by("-pk").first()
    if decision is None or not (is_held(signature) and decision.verb == ReviewDecision.Verb.ASK):
        return None
    question: SignerQuestion | None = getattr(decision, "question", None)
    return question


def proof_for(signature: Signature) -> AddressProof | None:
    """Return the address that the signer is proving as an answer; None if a code has never been asked for."""
    question = question_to(signature)
    proof: AddressProof | None = getattr(question, "proof", None)
    return proof


@dataclass(frozen=True)
class AskedToProve:
    """The subject of an email with a code for an answer."""

    proof: AddressProof
    request: MailRequest
    signature: Signature

    def is_current(self, now: datetime) -> bool:
        question = question_to(self.signature)
        return question is not None and question.pk == self.proof.question_id and question.may_answer(now)


def asked_to_prove(outgoing: OutgoingEmail) -> AskedToProve:
    """Raises Signature.DoesNotExist if the signer has answered, left, or asked for a newer code."""
    proofs = AddressProof.objects.select_related("question__signature__letter")
    proof = proofs.filter(email_id=outgoing.pk).first()
    request = MailRequest.objects.filter(pk=outgoing.request_id or 0).first()
    if proof is None or request is None:
        raise Signature.DoesNotExist
    return AskedToProve(proof, request, proof.question.signature)


def featuring_of(signature: Signature) -> Featuring | None:
    """Return the organizers' question whether they may feature the name, with its answer."""
    return Featuring.objects.filter(signature=signature).first()


def is_held(signature: Signature) -> bool:
    """Tell whether the signature waits for a moderator, with or without a number."""
    is_off_list = signature.state == State.REJECTED and signature.concern == Signature.Concern.RECHECK
    return signature.state == State.HELD or (is_off_list and not signature.is_rejected_and_emptied)


def is_current(signature: Signature, decision_id: int) -> bool:
    """Return whether a decision still holds: it asks, it rejected, or it restored the signature after an appeal."""
    question = question_to(signature)
    if question:
        return question.decision_id == decision_id and question.answered_at is None
    removal = removal_of(signature)
    if removal:
        return removal.decision.pk == decision_id
    reversed_by = signature.appeals.filter(outcome=RejectionAppeal.Outcome.REVERSED, settlement=decision_id)
    return signature.state in CONFIRMED and reversed_by.exists()


def why_removed(signature: Signature) -> str:
    """Return the sentence of the reason; "" if there is none to tell."""
    removal = removal_of(signature)
    return removal.because if removal else ""


def appeals_of(signature: Signature) -> list[RejectionAppeal]:
    """Return all that the signer has said against decisions, the newest first."""
    return list(RejectionAppeal.objects.filter(signature=signature).order_by("-pk"))


def why_hidden(signature: Signature) -> str:
    """Return the same for a hidden comment; "" if it is not hidden, or if the reason was not from the list."""
    if not signature.comment_hidden:
        return ""
    hidings = CommentHiding.objects.filter(signature=signature, shown_at__isnull=True).select_related("because")
    hiding = hidings.first()
    if hiding is None or hiding.because is None:
        return ""
    return hiding.because.sentence_in(interface_language(signature.language))
