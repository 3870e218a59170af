"""Read submissions, and the words that a confirmation takes from them."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from letters.models import (
    WORDS,
    Display,
    LedgerOpening,
    Signature,
    SignerContact,
    SigningTrace,
    Submission,
    is_before_move,
    most_private,
)
from letters.shared.addresses import decrypt
from letters.shared.compiled_queries import CompiledQuery
from letters.shared.traces import TRACE_LIFETIME
from letters.signer.signing.queries.removals import appeals_of, featuring_of, why_hidden, why_removed

# Performance: every confirmation asks this.
UNANSWERED = CompiledQuery(lambda signature: Submission.objects.unanswered().filter(signature=signature), signature=int)


@dataclass(frozen=True, kw_only=True)
class WordsToConfirm:
    """The words that a confirmation takes, with the most private `display` of all submissions."""

    # None if the words come from the signature.
    submission_id: int | None
    revision_id: int
    language: str
    name: str
    affiliation: str
    role: str
    country: str
    comment: str
    comment_for: str
    domain: str
    display: str
    consent: str
    # The collective whose members read the name, and whose updates the signer gets.
    collective_id: int
    # True if another submission with the same address asked for more privacy.
    is_more_private: bool
    # True if the signature says something else now.
    differs: bool

    def fingerprint(self) -> str:
        """Return a hash of everything that the page says will count. The button sends it back."""
        said = [self.revision_id, *(getattr(self, name) for name in [*WORDS, "display", "consent", "collective_id"])]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def words_to_confirm(signature: Signature, submission_id: int | None) -> WordsToConfirm:
    """Return the words of a submission, or those of the signature if its signer has changed it since.

    The statement that confirms does the same (letters/signer/signing/operations/confirming.py).
    """
    signature.open_words()
    submissions = UNANSWERED.all(signature=signature.pk)
    for typed in submissions:
        typed.open_words()
    chosen = next((typed for typed in submissions if typed.pk == submission_id and _may_speak(typed, signature)), None)
    contact: SignerContact | None = getattr(signature, "contact", None)
    source = chosen or signature
    display = most_private([signature.display, *(typed.display for typed in submissions)])
    words = {name: str(getattr(source, name)) for name in WORDS}
    agreed_in = chosen or contact
    is_stale = agreed_in is not None and is_before_move(agreed_in.consented_at, signature.letter)
    consent = agreed_in.consent if agreed_in and not is_stale else ""
    if display == Display.NOBODY:
        words |= dict.fromkeys(["name", "affiliation", "role", "comment", "comment_for"], "")
        consent = ""
    current = {name: getattr(signature, name) for name in [*WORDS, "display"]}
    agreed = bool(contact and contact.agrees(signature.letter))
    return WordsToConfirm(
        **words,
        submission_id=chosen.pk if chosen else None,
        revision_id=source.revision_id,
        language=source.language,
        display=display,
        consent=consent,
        collective_id=signature.letter.collective_id,
        is_more_private=display != source.display,
        differs={**words, "display": display} != current or (contact is not None and agreed != bool(consent)),
    )


def _may_speak(typed: Submission, signature: Signature) -> bool:
    """Return whether a submission with this spelling may change what the signature says."""
    is_pending = signature.state == Signature.State.PENDING
    return is_pending or _same_spelling(typed.spelling_hash, signature.spelling_hash)


def may_disown(signature: Signature, spelling_hash: bytes | None) -> bool:
    """Return whether a link that was sent to this spelling may delete the signature. None means that the link names no
    spelling.

    Anyone who got an email about a pending signature may disown it. Privacy: another spelling may not disown a
    confirmed one, because it can be another person's mailbox.
    """
    if spelling_hash is None or signature.spelling_hash is None or signature.state == Signature.State.PENDING:
        return True
    return _same_spelling(spelling_hash, signature.spelling_hash)


def _same_spelling(one: bytes | memoryview | None, other: bytes | memoryview | None) -> bool:
    return hmac.compare_digest(bytes(one or b""), bytes(other or b""))


def newest_submission(signature: Signature) -> int | None:
    newest = signature.submissions.unanswered().order_by("-submitted_at", "-pk")
    return newest.values_list("pk", flat=True).first()


def stored_about(signature: Signature) -> dict[str, Any]:
    """Return everything that the database holds about a signer, for that signer alone."""
    contact: SignerContact | None = getattr(signature, "contact", None)
    # The score of doubt is left out: it tells what others did, too, such as how many signed from the same network.
    trace: SigningTrace | None = getattr(signature, "trace", None)
    featuring = featuring_of(signature)
    opening: LedgerOpening | None = getattr(signature, "ledger_opening", None)
    submissions = list(signature.submissions.order_by("submitted_at", "pk"))
    for each in submissions:
        each.open_words()
    encrypted = [contact.address] if contact else [each.address for each in submissions if each.address is not None]
    typed = [*WORDS, "display", "via", "language"]
    shown = [*typed, "state", "verified", "number"]
    return {
        "letter": signature.letter.slug,
        **{name: getattr(signature, name) for name in shown},
        "changes_that_wait_for_a_moderator": signature.pending_changes,
        "changes_that_a_moderator_did_not_take": signature.declined_changes,
        "words_before_a_change_that_a_moderator_accepted": signature.replaced_words,
        "removed_because": why_removed(signature),
        "appeals": [
            {"words": each.words, "at": each.appealed_at, "outcome": each.outcome} for each in appeals_of(signature)
        ],
        "questions": [
            {
                "asked_at": each.asked_at,
                "link": each.link,
                "domain": each.domain,
                "answered_at": each.answered_at,
                "proving_an_address_at": each.proof.domain if hasattr(each, "proof") else "",
            }
            for each in signature.questions.select_related("proof").order_by("pk")
        ],
        "may_be_featured": {"asked_at": featuring.asked_at, "answer": featuring.answer} if featuring else None,
        "comment_is_hidden": signature.comment_hidden,
        "comment_is_hidden_because": why_hidden(signature),
        "text": signature.revision.number,
        "carried_over": [
            {"asked_about_text": answer.question.revision.number, "carries": answer.carries, "at": answer.answered_at}
            for answer in signature.answers.select_related("question__revision").order_by("question")
        ],
        # If a nameless signer signs again, their address is stored until the last email about that has been sent.
        "address": decrypt(encrypted[0]) if encrypted else None,
        "network_and_browser_known_by_hashes_until": trace.at + TRACE_LIFETIME if trace else None,
        "opens_the_entry_in_the_record": bytes(opening.opening).hex() if opening else None,
        "address_known_again_by_a_hash": signature.address_hash is not None,
        "updates": contact.consent if contact else "",
        "updates_agreed_at": contact.consented_at if contact else None,
        # Submissions with this address, whoever typed them. When its owner answers, their words are deleted.
        "typed_into_the_form": [
            {
                **{name: getattr(each, name) for name in typed},
                "updates": each.consent,
                "at": each.submitted_at,
                "answered_at": each.answered_at,
                "network_and_browser_known_by_hashes": each.browser is not None,
            }
            for each in submissions
        ],
        "signed_at": signature.signed_at,
        "confirmed_at": signature.confirmed_at,
        "published_at": signature.published_at,
    }
