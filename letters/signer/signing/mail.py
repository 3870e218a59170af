"""Build the emails about signatures, one function for each kind.

Each returns what to send, or why nothing is sent. Abuse: no email repeats the signer's name or comment. Otherwise
anyone could type a stranger's address into the form, and we would deliver an advertisement or an insult.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from letters.base.batches.queries import promise_of
from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send, Unsent, Wait
from letters.base.outbox.composing import compose_email, pad_email, render_email
from letters.base.outbox.daily_limit import full_since_of, instead_of_one_too_many
from letters.base.outbox.queries import has_complained
from letters.base.switches.queries import is_on
from letters.models import (
    ACTIVE,
    CONFIRMED_OR_SEALED,
    UNDONE_WITHIN,
    AddressProof,
    Display,
    EmailKind,
    Letter,
    OutgoingEmail,
    Signature,
    State,
    Switch,
    expect_code,
)
from letters.shared.addresses import decrypt
from letters.shared.codes import LIFETIME, code_of
from letters.signer.signing import queries
from letters.signer.signing.queries import OtherEmails, Recipient, Stranger, is_needless
from letters.signer.signing.telling import may_tell_by_email

# The states of a signature in which a form with its address still causes emails. Privacy: a moderator's removal must
# not end them. Otherwise a moderator could remove a signature without a name, type the addresses of a staff list, and
# see in a mail log which one gets no email.
KNOWN = [*CONFIRMED_OR_SEALED, State.REJECTED]
# The interval for checking whether the withdrawal of a letter has been undone.
LOOK_AGAIN = timedelta(minutes=10)


def confirm(outgoing: OutgoingEmail) -> Built:
    """Ask the owner of the mailbox to confirm."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.signature.state != State.PENDING:
        return Drop(DropReason.SETTLED)
    return _about_submission("confirm", outgoing, recipient, with_code=True)


def thanks(outgoing: OutgoingEmail) -> Built:
    """Send the control link to a person who has just confirmed."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.signature.state not in CONFIRMED_OR_SEALED:
        return Drop(DropReason.SETTLED)
    return _to_signer("thanks", outgoing, recipient)


def reminder(outgoing: OutgoingEmail) -> Built:
    """Ask again, REMINDER_HOURS after someone typed the address, if nobody has confirmed.

    Privacy: an address that had signed before gets the same reminders, even after its owner has answered. Otherwise the
    missing reminders would show in a mail log that this address had signed.
    """
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    signature = recipient.signature
    # Privacy: a bounce counts for the submission. If it counted for the signature, it would end reminders only for
    # people who signed.
    is_lost = recipient.has_failed if outgoing.submission_id else signature.concern == Signature.Concern.BOUNCED
    if is_lost:
        return Drop(DropReason.BOUNCED)
    if signature.state == State.PENDING:
        return _about_submission("reminder", outgoing, recipient)
    # Race: a confirmation may have deleted the submission in the meantime.
    if signature.state not in KNOWN or recipient.submitted_at is None:
        return Drop(DropReason.SETTLED)
    if signature.state == State.REJECTED:
        return _about_submission("reminder_removed", outgoing, recipient)
    is_signer = outgoing.goes_to_signer(signature)
    return _about_submission("reminder_signed" if is_signer else "reminder_other_spelling", outgoing, recipient)


def signed_again(outgoing: OutgoingEmail) -> Built:
    """Tell a person who signed again the state of their signature. Privacy: only the email may do so, not the page."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.signature.state == State.PENDING:
        return _about_submission("confirm_again", outgoing, recipient, with_code=True)
    if recipient.signature.state not in KNOWN:
        return Drop(DropReason.SETTLED)
    if recipient.signature.state == State.REJECTED:
        return _about_submission("signed_removed", outgoing, recipient)
    if outgoing.goes_to_signer(recipient.signature):
        return _about_submission("signed_already", outgoing, recipient, with_code=True)
    return _about_submission("signed_other_spelling", outgoing, recipient)


def requested(outgoing: OutgoingEmail) -> Built:
    """Answer someone who lost an email: send the confirmation or the control link, or say that there is none.

    Privacy: an email is sent whatever the state, even if the letter no longer accepts confirmations. Without one,
    closing or withdrawing a letter would show in a mail log who has signed.
    """
    if outgoing.signature_id is None:
        return _to_stranger(outgoing, queries.stranger_of(outgoing, now=timezone.now()))
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.others.has_complained:
        return Drop(DropReason.UNWANTED)
    signature, is_signer, now = recipient.signature, outgoing.goes_to_signer(recipient.signature), timezone.now()
    may_confirm = signature.state == State.PENDING and (is_signer or recipient.submission_id is not None)
    is_over = may_confirm and _letter_now(signature.letter, now).confirmation_refusal(now)
    if is_over or signature.state == State.REJECTED:
        return _to_stranger(outgoing, recipient.as_stranger())
    if may_confirm:
        return _to_signer("confirm_requested", outgoing, recipient, with_code=True)
    if signature.state not in ACTIVE:
        return Drop(DropReason.SETTLED)
    return _to_signer("link_requested" if is_signer else "link_of_nothing", outgoing, recipient)


def decided(outgoing: OutgoingEmail) -> Built:
    """Tell a signer that a moderator has decided about the signature, if that gives nobody away."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    # The decision may have been undone since, or made again.
    if not queries.is_current(recipient.signature, int(outgoing.key.partition(":")[2])):
        return Drop(DropReason.SETTLED)
    return _unless_it_gives_away("decided", outgoing, recipient)


def feature(outgoing: OutgoingEmail) -> Built:
    """Tell a signer that the organizers ask whether they may feature the name, under the same conditions."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    featuring = queries.featuring_of(recipient.signature)
    # The question may have been taken back since, or answered.
    if featuring is None or featuring.answer or recipient.signature.state not in ACTIVE:
        return Drop(DropReason.SETTLED)
    return _unless_it_gives_away("feature", outgoing, recipient)


def _unless_it_gives_away(template: str, outgoing: OutgoingEmail, recipient: Recipient) -> Built:
    if recipient.address is None:
        return Drop(DropReason.NO_ADDRESS)
    if not may_tell_by_email(decrypt(recipient.address), is_named=recipient.display == Display.PUBLIC):
        return Drop(DropReason.GIVES_AWAY)
    if recipient.others.has_complained:
        return Drop(DropReason.UNWANTED)
    if recipient.signature.letter.status == Letter.Status.TAKEN_DOWN:
        return Drop(DropReason.LETTER_OVER)
    return _to_signer(template, outgoing, recipient)


def address_proof(outgoing: OutgoingEmail) -> Built:
    """Send the code for an address at an organisation, which a signer gives as an answer to a moderator.

    Privacy: an employer may read this mailbox. So the email names neither a letter nor a signer, contains no link, and
    looks from outside like every other email that someone asked for.
    """
    now, asked = timezone.now(), queries.asked_to_prove(outgoing)
    request, signature = asked.request, asked.signature
    if request.address is None:
        return Drop(DropReason.NO_ADDRESS)
    if not asked.is_current(now):
        return Drop(DropReason.SETTLED)
    if signature.letter.status == Letter.Status.TAKEN_DOWN:
        return Drop(DropReason.LETTER_OVER)
    if has_complained(request.address_hash):
        return Drop(DropReason.UNWANTED)
    if instead := instead_of_one_too_many(outgoing, full_since_of(outgoing, request.address_hash, now=now)):
        return instead
    AddressProof.objects.filter(email_id=outgoing.pk).update(expires_at=now + LIFETIME)
    context = {"code": code_of(outgoing.pk, salt=signature.salt)}
    parts = render_email("address_proof", context, language=request.language)
    return Send(pad_email(compose_email(outgoing, parts, to=request.address)))


EMAIL_BUILDERS: Mapping[str, Builder] = {
    EmailKind.CONFIRM: confirm,
    EmailKind.THANKS: thanks,
    EmailKind.REMINDER: reminder,
    EmailKind.SIGNED_AGAIN: signed_again,
    EmailKind.REQUESTED: requested,
    EmailKind.DECIDED: decided,
    EmailKind.ADDRESS_PROOF: address_proof,
    EmailKind.FEATURE: feature,
}


def _about_submission(
    template: str, outgoing: OutgoingEmail, recipient: Recipient, *, with_code: bool = False
) -> Built:
    """Build an email about a submission, if the letter accepts confirmations. Wait while a withdrawal can be undone.

    Privacy: whether it is sent depends on the letter and on spam complaints about the address, never on the state of a
    signature. Otherwise an organizer could close or withdraw a letter before its emails leave, and see which addresses
    had signed.
    """
    if recipient.others.has_complained_here:
        return Drop(DropReason.UNWANTED)
    now = timezone.now()
    letter = _letter_now(recipient.signature.letter, now)
    if waits := _wait_for_undo(letter, now):
        return waits
    if letter.confirmation_refusal(now):
        return Drop(DropReason.LETTER_OVER)
    return _to_signer(template, outgoing, recipient, with_code=with_code)


def _wait_for_undo(letter: Letter, now: datetime) -> Wait | None:
    """Return when to check again, if the letter is withdrawn and the withdrawal can be undone."""
    if letter.withdrawn_at is None or not letter.can_be_restored(now):
        return None
    return Wait(min(now + LOOK_AGAIN, letter.withdrawn_at + UNDONE_WITHIN))


def _letter_now(letter: Letter, now: datetime) -> Letter:
    """Load the letter again.

    Race: a worker remembers a letter for a second, and an email must not be dropped if it has opened since.
    """
    return Letter.objects.get(pk=letter.pk) if letter.confirmation_refusal(now) else letter


def _to_signer(template: str, outgoing: OutgoingEmail, recipient: Recipient, *, with_code: bool = False) -> Built:
    if recipient.address is None:
        return Drop(DropReason.NO_ADDRESS)
    now, signature = timezone.now(), recipient.signature
    if instead := _reason_not_to_send(outgoing, recipient.others, signature.letter, now):
        return instead
    typed = recipient.submission_id
    code = code_of(outgoing.pk, salt=signature.salt) if with_code and typed else ""
    # This replaces the code of the previous email. Race: the signer may have answered just now.
    if code and typed and not expect_code(code, submission_id=typed, now=now):
        return Drop(DropReason.SETTLED)
    written_in = signature.language
    signature.revision_id, signature.language = recipient.revision_id, recipient.language
    if template == "link_of_nothing":
        # Privacy: show the current text, because another mailbox must not learn which text the signer signed.
        signature.revision_id = signature.letter.current_revision_id or signature.revision_id
    context = {
        "letter": signature.letter,
        "title": queries.title_of(signature.revision_id, signature.language, written_in),
        "signature": signature,
        "counts": signature.state == State.PUBLISHED or is_on(Switch.Name.PUBLISH),
        "waits": _waits_for_others(signature),
        "takes_signatures": not signature.letter.refusal(now),
        "display": recipient.display,
        "answered": typed is None,
        "letter_url": settings.SITE_URL + signature.url_of_letter(now=now),
        "confirm_url": settings.SITE_URL + signature.link("confirm", now=now, submission_id=typed),
        "manage_url": settings.SITE_URL + signature.link("manage", now=now),
        "not_me_url": settings.SITE_URL + signature.not_me_link(outgoing.spelling_hash, now=now),
        "code": code,
        "until": queries.confirmable_until(signature, since=recipient.submitted_at or signature.signed_at),
        "kept_until": (recipient.submitted_at or now) + timedelta(days=settings.CONFIRMATION_DAYS),
        "link_url": settings.SITE_URL + signature.letter.url_of("link", signature.language),
    }
    parts = render_email(template, context, language=signature.language)
    return Send(pad_email(compose_email(outgoing, parts, to=recipient.address)))


def _waits_for_others(signature: Signature) -> bool:
    """Return whether it is confirmed, and counted together with others in the next batch."""
    is_withheld = signature.display != Display.PUBLIC and signature.state == State.CONFIRMED
    return is_withheld and promise_of(signature.letter) is not None


def _reason_not_to_send(outgoing: OutgoingEmail, others: OtherEmails, letter: Letter, now: datetime) -> Unsent | None:
    """Return what to do instead of sending, because of other emails to the address; None to send.

    A postponed email about a lost link replaces the emails that waited before it. So it waits, as they would, while a
    withdrawal can be undone. Otherwise it would say that there is nothing to confirm, and no other email would follow.
    """
    if is_needless(outgoing, others, now=now):
        return Drop(DropReason.REPEATED)
    if outgoing.kind == EmailKind.REQUESTED and outgoing.put_off_at and (waits := _wait_for_undo(letter, now)):
        return waits
    return instead_of_one_too_many(outgoing, others.full_since)


def _to_stranger(outgoing: OutgoingEmail, stranger: Stranger) -> Built:
    """Build the email to an address that has not signed, or can no longer confirm.

    Privacy: from outside, it looks like the email to a signer. Without it, a person who reads a mail log could
    ask for the link of any address, and see whether it has signed.
    """
    now = timezone.now()
    if stranger.address is None:
        return Drop(DropReason.NO_ADDRESS)
    if stranger.others.has_complained:
        return Drop(DropReason.UNWANTED)
    letter = stranger.letter
    if instead := _reason_not_to_send(outgoing, stranger.others, letter, now):
        return instead
    context = {
        "letter": letter,
        "title": queries.title_of(letter.current_revision_id or 0, stranger.language, letter.language),
        "takes_signatures": not letter.refusal(now),
        "letter_url": settings.SITE_URL + letter.get_absolute_url(stranger.language),
    }
    parts = render_email("link_of_nothing", context, language=stranger.language)
    return Send(pad_email(compose_email(outgoing, parts, to=stranger.address)))
