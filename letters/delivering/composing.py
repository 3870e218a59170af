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


def render_mail(template: str, context: Mapping[str, Any], *, language: str) -> dict[str, str]:
    """Its three parts, by the endings of their templates, in the language of ours that speaks to who reads that one."""
    with translation.override(interface_language(language)):
        full = {**context, "language": translation.get_language(), "SITE_URL": settings.SITE_URL}
        parts = {
            part: render_to_string(f"letters/mail/{template}.{part}", full) for part in ("subject.txt", "txt", "html")
        }
    # A line break in a title would begin another header.
    return {**parts, "subject.txt": " ".join(parts["subject.txt"].split()), "txt": parts["txt"].strip() + "\n"}


def compose_mail(delivery: Delivery, parts: Mapping[str, str], *, to: bytes | memoryview) -> EmailMultiAlternatives:
    """The message of a delivery to an address, encrypted as it is stored."""
    message = EmailMultiAlternatives(
        subject=parts["subject.txt"],
        body=parts["txt"],
        to=[unseal(to)],
        headers={"Message-ID": message_id(delivery.pk), "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(parts["html"], "text/html")
    return message
