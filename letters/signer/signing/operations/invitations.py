"""Answer an invitation to be among the first signatories."""

from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from letters.base.switches.queries import is_on
from letters.models import (
    INVITATION_LIFETIME,
    Letter,
    OutgoingEmail,
    Signature,
    SignerContact,
    State,
    Submission,
    Switch,
    Transition,
)
from letters.shared.addresses import decrypt, hash_spelling
from letters.shared.domains import domain_of, match_domain
from letters.shared.refused import Refusal, Refused
from letters.signer.signing import queries
from letters.signer.signing.operations.confirming import confirm_now
from letters.signer.signing.operations.submitted_form import Changes


def invitation_refusal(signature: Signature, now: datetime) -> Refusal | Literal[""]:
    """Return why an invitation cannot be answered at this moment; empty if it can.

    An invitation can be answered before the letter opens; the text is fixed by then. Accepting signs and confirms in
    one step, so there is no extra day after the end: a closed letter accepts no new signature.
    """
    letter = signature.letter
    if not is_on(Switch.Name.TAKE_SIGNATURES):
        return Refusal.PAUSED
    if signature.state == State.INVITED and now - signature.signed_at > INVITATION_LIFETIME:
        return Refusal.INVITATION_OVER
    refusal = letter.refusal(now)
    return "" if refusal in {Refusal.LETTER_DRAFT, Refusal.LETTER_NOT_OPEN_YET} else refusal


@transaction.atomic
def accept_invitation(signature: Signature, *, changes: Changes, language: str, seen: str, now: datetime) -> None:
    """Sign as an invited person, whose own words replace what an organizer proposed.

    `language` and `seen` (its version) identify the text that the person read, so that nobody signs words that they
    have not seen. Idempotent. Raises Refused, for example with "text_changed" or "elsewhere".
    """
    # Lock order: letter, then signature. Serialises with cancel_invitations().
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    invited = Signature.objects.filter(pk=signature.pk, state=State.INVITED)
    signature.letter = letter
    if not invited.exists():
        return
    if refusal := invitation_refusal(signature, now):
        raise Refused(refusal)
    text = queries.texts_to_sign(signature).get(language)
    if text is None or text.version != seen:
        raise Refused(Refusal.TEXT_CHANGED)
    address = decrypt(signature.contact.address)
    if letter.domains and not match_domain(domain_of(address), letter.domains):
        raise Refused(Refusal.ELSEWHERE)
    said: dict[str, Any] = {**changes.as_shown(), "revision": text.revision_id, "language": language}
    invited.move(Transition.ACCEPT_INVITATION, **said, spelling_hash=hash_spelling(address), signed_at=now)
    if changes.consent:
        SignerContact.objects.filter(pk=signature.pk).update(consent=changes.consent, consented_at=now)
    confirm_now(signature, Signature.Verified.LINK, now)


@transaction.atomic
def decline_invitation(signature: Signature, *, now: datetime) -> None:
    """Decline an invitation. A second call, or one after signing, changes nothing.

    Delete the address and what the organizer proposed. Keep the keyed hash, so that nobody invites this person to the
    letter again.
    """
    if Signature.objects.filter(pk=signature.pk).move(Transition.DECLINE_INVITATION):
        SignerContact.objects.filter(pk=signature.pk).delete()
        Submission.objects.filter(signature_id=signature.pk).delete()
        # Abuse: keep emails that were sent, because they count in the daily limit of the address.
        OutgoingEmail.objects.owed().filter(signature=signature).update(dropped_at=now)
