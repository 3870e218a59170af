"""Read why a moderator removed a signature, for its signer alone."""

from letters.models import RejectionReason, ReviewDecision, Signature, State
from letters.shared.languages import interface_language


def why_removed(signature: Signature) -> str:
    """Return the sentence of the reason, in the signer's language, with the words that it had at the decision.

    It is "" if the signature is not removed or its signer deleted it, if a moderator decides again, or if the reason
    was not from the list.
    Privacy: what a moderator wrote for other moderators is never told, because it may be about someone else.
    """
    is_removed = signature.state == State.REJECTED and signature.concern != Signature.Concern.RECHECK
    is_removed = is_removed and not signature.is_rejected_and_emptied
    newest = ReviewDecision.objects.filter(signature=signature).select_related("because").order_by("-pk")
    decision = newest.first() if is_removed else None
    if decision is None or decision.undone_at or decision.verb != ReviewDecision.Verb.REJECT:
        return ""
    # Decisions that are older than the list name only a code.
    reason = decision.because or RejectionReason.objects.filter(code=decision.reason).order_by("pk").first()
    return reason.sentence_in(interface_language(signature.language)) if reason else ""
