"""The emails of signing, one function each: what to send when its turn has come, or why nothing is sent.

No email repeats the signer's name or comment: anybody may type any address into the form, and a name could be an
advertisement or an insult that we would then deliver to a stranger.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send, Unsent, Wait
from letters.base.outbox.composing import compose_mail, filled_up, render_mail
from letters.base.outbox.daily_limit import instead_of_one_too_many
from letters.base.switches.queries import is_on
from letters.models import CONFIRMED, UNDONE_WITHIN, EmailKind, Letter, OutgoingEmail, Signature, Switch, expect_code
from letters.shared.codes import code_of
from letters.signer.signing import queries
from letters.signer.signing.queries import OtherEmails, Recipient, Stranger, is_needless

# How often an email looks whether the withdrawal of its letter has been undone.
LOOK_AGAIN = timedelta(minutes=10)


def confirm(outgoing: OutgoingEmail) -> Built:
    """Asks for the confirmation."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.signature.state != Signature.State.PENDING:
        return Drop(DropReason.SETTLED)
    return _about_an_entry("confirm", outgoing, recipient, with_code=True)


def thanks(outgoing: OutgoingEmail) -> Built:
    """Gives the control link."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.signature.state not in CONFIRMED:
        return Drop(DropReason.SETTLED)
    return _to_signer("thanks", outgoing, recipient)


def reminder(outgoing: OutgoingEmail) -> Built:
    """Asks once more, REMINDER_HOURS after somebody has typed an address and nobody has confirmed.

    Privacy: an address that had signed before gets the same reminders, also if its owner has answered meanwhile. If
    none came, the log of a mail server would show that this address had signed.
    """
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    signature = recipient.signature
    # Privacy: by the entry, not by the signature, which only somebody who has signed has of their own.
    is_lost = recipient.has_failed if outgoing.submission_id else signature.concern == Signature.Concern.BOUNCED
    if is_lost:
        return Drop(DropReason.CAME_BACK)
    if signature.state == Signature.State.PENDING:
        return _about_an_entry("reminder", outgoing, recipient)
    # Race: of an entry that a confirmation has deleted meanwhile, nothing is left to remind of.
    if signature.state not in CONFIRMED or recipient.submitted_at is None:
        return Drop(DropReason.SETTLED)
    is_signer = outgoing.goes_to_signer(signature)
    return _about_an_entry("reminder_signed" if is_signer else "reminder_other_spelling", outgoing, recipient)


def signed_again(outgoing: OutgoingEmail) -> Built:
    """Tells somebody who signed again how their signature stands: the page must not tell, the mail may."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.signature.state == Signature.State.PENDING:
        return _about_an_entry("confirm_again", outgoing, recipient, with_code=True)
    if recipient.signature.state not in CONFIRMED:
        return Drop(DropReason.SETTLED)
    if outgoing.goes_to_signer(recipient.signature):
        return _about_an_entry("signed_already", outgoing, recipient, with_code=True)
    return _about_an_entry("signed_other_spelling", outgoing, recipient)


def requested(outgoing: OutgoingEmail) -> Built:
    """What somebody asked for who lost a mail: the one to confirm, or the control link; or that there is none.

    Privacy: an email leaves whatever the state, also when the letter takes no confirmations any more. Without one,
    closing or withdrawing a letter would tell signers from others in the log of a mail server.
    """
    if outgoing.signature_id is None:
        return _to_stranger(outgoing, queries.stranger_of(outgoing, now=timezone.now()))
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient.others.has_complained:
        return Drop(DropReason.UNWANTED)
    signature, is_signer = recipient.signature, outgoing.goes_to_signer(recipient.signature)
    if signature.state == Signature.State.PENDING and (is_signer or recipient.submission_id is not None):
        now = timezone.now()
        if _letter_now(signature.letter, now).confirmation_refusal(now):
            return _to_stranger(outgoing, recipient.as_stranger())
        return _to_signer("confirm_requested", outgoing, recipient, with_code=True)
    if signature.state not in {*CONFIRMED, Signature.State.PENDING}:
        return Drop(DropReason.SETTLED)
    return _to_signer("link_requested" if is_signer else "link_of_nothing", outgoing, recipient)


MAILS: Mapping[str, Builder] = {
    EmailKind.CONFIRM: confirm,
    EmailKind.THANKS: thanks,
    EmailKind.REMINDER: reminder,
    EmailKind.SIGNED_AGAIN: signed_again,
    EmailKind.REQUESTED: requested,
}


def _about_an_entry(template: str, outgoing: OutgoingEmail, recipient: Recipient, *, with_code: bool = False) -> Built:
    """What asks about an entry in the form: only while it could be confirmed, and put off while that may come again.

    Privacy: this looks at the letter, and at what the address has called spam, never at the state of a signature. An
    organizer who closes or withdraws a letter before its emails leave must not see by them which addresses had signed.
    """
    if recipient.others.has_complained_here:
        return Drop(DropReason.UNWANTED)
    now = timezone.now()
    letter = _letter_now(recipient.signature.letter, now)
    if letter.withdrawn_at and letter.can_be_restored(now):
        return Wait(min(now + LOOK_AGAIN, letter.withdrawn_at + UNDONE_WITHIN))
    if letter.confirmation_refusal(now):
        return Drop(DropReason.LETTER_OVER)
    return _to_signer(template, outgoing, recipient, with_code=with_code)


def _letter_now(letter: Letter, now: datetime) -> Letter:
    """Race: a worker remembers a letter for a second. One that has opened since must cost nobody their email."""
    return Letter.objects.get(pk=letter.pk) if letter.confirmation_refusal(now) else letter


def _to_signer(template: str, outgoing: OutgoingEmail, recipient: Recipient, *, with_code: bool = False) -> Built:
    if recipient.address is None:
        return Drop(DropReason.NO_ADDRESS)
    now, signature = timezone.now(), recipient.signature
    if instead := _instead(outgoing, recipient.others, now):
        return instead
    typed = recipient.submission_id
    code = code_of(outgoing.pk, salt=signature.salt) if with_code and typed else ""
    # In place of the code in the email before this one. Race: the signer may have answered it just now.
    if code and typed and not expect_code(code, submission_id=typed, now=now):
        return Drop(DropReason.SETTLED)
    written_in = signature.language
    signature.revision_id, signature.language = recipient.revision_id, recipient.language
    if template == "link_of_nothing":
        # Privacy: the letter as it is now. Which text somebody signed is none of another mailbox's business.
        signature.revision_id = signature.letter.current_revision_id or signature.revision_id
    context = {
        "letter": signature.letter,
        "title": queries.title_of(signature.revision_id, signature.language, written_in),
        "signature": signature,
        "counts": signature.state == Signature.State.PUBLISHED or is_on(Switch.Name.PUBLISH),
        "takes_signatures": not signature.letter.refusal(now),
        "display": recipient.display,
        "answered": typed is None,
        "letter_url": settings.SITE_URL + signature.url_of_letter(now=now),
        "confirm_url": settings.SITE_URL + signature.link("confirm", now=now, submission_id=typed),
        "manage_url": settings.SITE_URL + signature.link("manage", now=now),
        "not_me_url": settings.SITE_URL + signature.not_me_link(outgoing.spelling_hash, now=now),
        "code": f"{code[:3]} {code[3:]}".strip(),
        "until": queries.confirmable_until(signature, since=recipient.submitted_at or signature.signed_at),
        "kept_until": (recipient.submitted_at or now) + timedelta(days=settings.CONFIRMATION_DAYS),
        "link_url": settings.SITE_URL + signature.letter.url_of("link", signature.language),
    }
    parts = render_mail(template, context, language=signature.language)
    return Send(filled_up(compose_mail(outgoing, parts, to=recipient.address)))


def _instead(outgoing: OutgoingEmail, others: OtherEmails, now: datetime) -> Unsent | None:
    """What the other emails to the address leave to do instead of sending this one, whatever it says."""
    if is_needless(outgoing, others, now=now):
        return Drop(DropReason.REPEATED)
    return instead_of_one_too_many(outgoing, others.full_since)


def _to_stranger(outgoing: OutgoingEmail, stranger: Stranger) -> Built:
    """To an address that has not signed, or can confirm it no more.

    Privacy: an email that looks the same from outside. Without it, whoever reads the log of a mail server could ask
    for the link of any address, and see from the email that comes, or does not, whether it has signed.
    """
    now = timezone.now()
    if stranger.address is None:
        return Drop(DropReason.NO_ADDRESS)
    if stranger.others.has_complained:
        return Drop(DropReason.UNWANTED)
    if instead := _instead(outgoing, stranger.others, now):
        return instead
    letter = stranger.letter
    context = {
        "letter": letter,
        "title": queries.title_of(letter.current_revision_id or 0, stranger.language, letter.language),
        "takes_signatures": not letter.refusal(now),
        "letter_url": settings.SITE_URL + letter.get_absolute_url(stranger.language),
    }
    parts = render_mail("link_of_nothing", context, language=stranger.language)
    return Send(filled_up(compose_mail(outgoing, parts, to=stranger.address)))
