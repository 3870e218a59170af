"""The mails of signing, one function each. Each returns None if the mail is no longer true when its turn has come.

No mail repeats the signer's name or comment: anybody may type any address into the form, and a name could be an
advertisement or an insult that we would then deliver to a stranger.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from letters.models import Delivery, Signature
from letters.shared.addresses import unseal
from letters.shared.codes import code_of
from letters.shared.languages import interface_language
from letters.signing import queries

CONFIRMED = {Signature.State.CONFIRMED, Signature.State.HELD, Signature.State.PUBLISHED}


def confirm(delivery: Delivery) -> EmailMessage | None:
    """Asks for the confirmation."""
    signature = queries.signature_of_delivery(delivery)
    if signature.state != Signature.State.PENDING:
        return None
    return _to_signer("confirm", delivery, signature, with_code=True)


def thanks(delivery: Delivery) -> EmailMessage | None:
    """Gives the control link."""
    signature = queries.signature_of_delivery(delivery)
    return _to_signer("thanks", delivery, signature) if signature.state in CONFIRMED else None


def reminder(delivery: Delivery) -> EmailMessage | None:
    """Asks once more, REMINDER_HOURS after the signing."""
    signature = queries.signature_of_delivery(delivery)
    if signature.state != Signature.State.PENDING or signature.concern == Signature.Concern.BOUNCED:
        return None
    return _to_signer("reminder", delivery, signature)


def signed_again(delivery: Delivery) -> EmailMessage | None:
    """Tells somebody who signed again how their signature stands: the page must not tell, the mail may."""
    signature = queries.signature_of_delivery(delivery)
    if signature.state == Signature.State.PENDING:
        return _to_signer("confirm_again", delivery, signature, with_code=True)
    if signature.state in CONFIRMED:
        return _to_signer("signed_already", delivery, signature)
    return None


def requested(delivery: Delivery) -> EmailMessage | None:
    """What somebody asked for who lost a mail: the one to confirm, or the control link."""
    signature = queries.signature_of_delivery(delivery)
    if signature.state == Signature.State.PENDING:
        return _to_signer("confirm_requested", delivery, signature, with_code=True)
    return _to_signer("link_requested", delivery, signature) if signature.state in CONFIRMED else None


MAILS: Mapping[str, Callable[[Delivery], EmailMessage | None]] = {
    Delivery.Kind.CONFIRM: confirm,
    Delivery.Kind.THANKS: thanks,
    Delivery.Kind.REMINDER: reminder,
    Delivery.Kind.SIGNED_AGAIN: signed_again,
    Delivery.Kind.REQUESTED: requested,
}


def _to_signer(
    template: str, delivery: Delivery, signature: Signature, *, with_code: bool = False
) -> EmailMessage | None:
    if not hasattr(signature, "contact"):
        return None  # The address has been forgotten.
    if signature.state == Signature.State.PENDING and signature.concern == Signature.Concern.COMPLAINED:
        return None  # Its owner has called our mail spam, whoever types it again.
    now = timezone.now()
    if delivery.kind != Delivery.Kind.THANKS and queries.is_one_mail_too_many(delivery, signature, now):
        return None
    code = code_of(delivery.pk, salt=signature.salt) if with_code else ""
    if code:
        # In place of the code in the mail before this one.
        signature.contact.expect_code(code, now=now)
    letter_text = queries.translation_of(signature.revision_id, signature.language)
    with translation.override(interface_language(signature.language)):
        context = {
            "letter": signature.letter,
            "title": letter_text.title,
            "signature": signature,
            "letter_url": settings.SITE_URL + signature.letter.get_absolute_url(signature.language),
            "confirm_url": settings.SITE_URL + signature.link("confirm", now=now),
            "manage_url": settings.SITE_URL + signature.link("manage", now=now),
            "not_me_url": settings.SITE_URL + signature.link("not-me", now=now),
            "code": f"{code[:3]} {code[3:]}",
            "until": signature.signed_at + timedelta(days=settings.CONFIRMATION_DAYS),
            "language": translation.get_language(),
            "SITE_URL": settings.SITE_URL,
        }
        parts = {
            part: render_to_string(f"letters/mail/{template}.{part}", context)
            for part in ("subject.txt", "txt", "html")
        }
    message = EmailMultiAlternatives(
        subject=" ".join(parts["subject.txt"].split()),
        body=parts["txt"].strip() + "\n",
        to=[unseal(signature.contact.address)],
        # The same for every attempt, so that a mail sent twice after a crash can be recognised as one.
        headers={
            "Message-ID": f"<{_name_of(delivery)}@{_host()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(parts["html"], "text/html")
    return message


def _name_of(delivery: Delivery) -> str:
    """Keyed, since the ids of two mails would tell how many have signed between them."""
    message = f"message:{delivery.pk}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:32]


def _host() -> str:
    return settings.SITE_URL.split("//")[1].split(":")[0]
