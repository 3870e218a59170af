"""Answer an invitation to be among the first signatories."""

from datetime import datetime
from typing import Literal

from django.db import transaction

from letters.base.switches.queries import is_on
from letters.models import (
    INVITATION_LIFETIME,
    WORDS,
    Letter,
    OutgoingEmail,
    Signature,
    SignerContact,
    Submission,
    Switch,
)
from letters.shared.addresses import decrypt, hash_spelling
from letters.shared.domains import domain_of, match_domain
from letters.shared.refused import Refusal, Refused
from letters.signer.signing import queries
from letters.signer.signing.operations.confirming import confirm_now
from letters.signer.signing.operations.entries import Changes


def invitation_refusal(signature: Signature, now: datetime) -> Refusal | Literal[""]:
    """Why an invitation cannot be answered at this moment; empty if it can.

    Before the letter opens it can: that is what it is for. The text is fixed by then (letters/inviting). Accepting
    signs and confirms in one step, so a closed letter gives no day of grace here: it takes no new signature.
    """
    letter = signature.letter
    if not is_on(Switch.Name.TAKE_SIGNATURES):
        return Refusal.PAUSED
    if signature.state == Signature.State.INVITED and now - signature.signed_at > INVITATION_LIFETIME:
        return Refusal.INVITATION_OVER
    refusal = letter.refusal(now)
    return "" if refusal in {Refusal.LETTER_DRAFT, Refusal.LETTER_NOT_OPEN_YET} else refusal


@transaction.atomic
def accept_invitation(signature: Signature, *, changes: Changes, language: str, seen: str, now: datetime) -> None:
    """Somebody who was invited signs, as they say themselves: whatever an organizer had proposed is overwritten.

    `language` and `seen`, the version, say which text they have before their eyes: what they sign is what is published.
    Doing it twice changes nothing. Raises Refused, for example with "text_changed" or "elsewhere".
    """
    # Its row first, as all take them: who calls the round off at this moment waits for this, or this for them.
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    invited = Signature.objects.filter(pk=signature.pk, state=Signature.State.INVITED)
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
    what = {"revision_id": text.revision_id, "language": language, "spelling_hash": hash_spelling(address)}
    invited.update(**changes.as_shown(), **what, state=Signature.State.PENDING, signed_at=now)
    if changes.consent:
        SignerContact.objects.filter(pk=signature.pk).update(consent=changes.consent, consented_at=now)
    confirm_now(signature, Signature.Verified.LINK, now)


@transaction.atomic
def decline_invitation(signature: Signature, *, now: datetime) -> None:
    """Somebody who was invited says no. What was proposed and their address are gone; the hash stays, so that nobody
    invites them to this letter again. Doing it twice changes nothing, nor does it after they have signed.
    """
    nothing = dict.fromkeys([*WORDS, "via"], "")
    invited = Signature.objects.filter(pk=signature.pk, state=Signature.State.INVITED)
    if invited.update(**nothing, state=Signature.State.DECLINED):
        SignerContact.objects.filter(pk=signature.pk).delete()
        Submission.objects.filter(signature_id=signature.pk).delete()
        # Those that were sent stay: they count among the mails that an address has had today.
        OutgoingEmail.objects.owed().filter(signature=signature).update(dropped_at=now)
