"""A mail put together from its templates: what the mails of every room have in common."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from letters.models import Delivery
from letters.shared.addresses import unseal
from letters.shared.languages import interface_language
from letters.shared.message_ids import message_id

# What a mailbox shows beside the subject, before anybody opens the email, goes on after a short hidden opening: with
# this, which nobody sees, and not with the title of a letter.
FILLER = "\u034f\u200c\u00a0" * 60


def render_mail(template: str, context: Mapping[str, Any], *, language: str) -> dict[str, str]:
    """Its three parts, by the endings of their templates, in the language of ours that speaks to who reads that one.

    Privacy: a subject is read on lock screens and kept in the logs of mail gateways, so its template is given no words,
    only what is true or false. And each half opens with the same sentences, since a mailbox shows those as well.
    """
    with translation.override(interface_language(language)):
        shared = {"language": translation.get_language(), "SITE_URL": settings.SITE_URL}
        flags = {name: value for name, value in context.items() if isinstance(value, bool)}
        subject = " ".join(render_to_string(f"letters/mail/{template}.subject.txt", {**flags, **shared}).split())
        full = {**context, **shared, "subject": subject, "filler": FILLER}
        opening, text = (render_to_string(f"letters/mail/{name}.txt", full).strip() for name in ("_opening", template))
        html = render_to_string(f"letters/mail/{template}.html", full)
    return {"subject.txt": subject, "txt": f"{opening}\n\n{text}\n", "html": html}


def compose_mail(delivery: Delivery, parts: Mapping[str, str], *, to: bytes | memoryview) -> EmailMultiAlternatives:
    """The message of a delivery to an address, encrypted as it is stored."""
    message = address_mail(parts, to=unseal(to))
    message.extra_headers |= {"Message-ID": message_id(delivery.pk), "Auto-Submitted": "auto-generated"}
    return message


def address_mail(parts: Mapping[str, str], *, to: str) -> EmailMultiAlternatives:
    """The message of no delivery: one that somebody tries on themselves."""
    message = EmailMultiAlternatives(subject=parts["subject.txt"], body=parts["txt"], to=[to])
    message.attach_alternative(parts["html"], "text/html")
    return message
