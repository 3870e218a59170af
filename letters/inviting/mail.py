"""The invitation. It repeats no name: a list may call people whatever it likes, and we would deliver that to them."""

import hashlib
import hmac
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from letters.inviting import queries
from letters.models import INVITATION_GOOD_FOR, Delivery, Letter, Signature
from letters.shared.addresses import unseal
from letters.shared.languages import interface_language

CAME_BACK = {Signature.Concern.BOUNCED, Signature.Concern.COMPLAINED}


def invited(delivery: Delivery) -> EmailMessage | None:
    """Asks somebody to be among the first; or, if the key says so, reminds them. None if it is no longer true."""
    now = timezone.now()
    signature = Signature.objects.select_related("letter__collective", "contact").get(pk=delivery.signature_id)
    letter = signature.letter
    if signature.state != Signature.State.INVITED or signature.concern in CAME_BACK:
        return None
    if letter.status not in {Letter.Status.DRAFT, Letter.Status.PUBLISHED} or not hasattr(signature, "contact"):
        return None
    if letter.refusal(now) == "letter_closed" or queries.had_enough_mail(delivery, signature, now):
        return None
    with translation.override(interface_language(signature.language)):
        decline_url = settings.SITE_URL + signature.link("decline", now=now)
        context = {
            "letter": letter,
            "title": queries.title_now(signature),
            "letter_url": settings.SITE_URL + signature.link("invitation", now=now),
            "decline_url": decline_url,
            "until": signature.signed_at + INVITATION_GOOD_FOR,
            "is_public": letter.status == Letter.Status.PUBLISHED,
            "again": delivery.key.startswith("invited_again:"),
            "language": translation.get_language(),
            "SITE_URL": settings.SITE_URL,
        }
        parts = {
            part: render_to_string(f"letters/mail/invited.{part}", context) for part in ("subject.txt", "txt", "html")
        }
    message = EmailMultiAlternatives(
        subject=" ".join(parts["subject.txt"].split()),
        body=parts["txt"].strip() + "\n",
        to=[unseal(signature.contact.address)],
        headers={
            # The same for every attempt, so that a mail sent twice after a crash can be recognised as one.
            "Message-ID": f"<{_name_of(delivery)}@{settings.SITE_URL.split('//')[1].split(':')[0]}>",
            "Auto-Submitted": "auto-generated",
            # RFC 8058: the button of the mail program is the same act as the one on our page.
            "List-Unsubscribe": f"<{decline_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    message.attach_alternative(parts["html"], "text/html")
    return message


MAILS: Mapping[str, Callable[[Delivery], EmailMessage | None]] = {Delivery.Kind.INVITED: invited}


def _name_of(delivery: Delivery) -> str:
    """Keyed, since the ids of two mails would tell how many are written to."""
    message = f"message:{delivery.pk}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:32]
