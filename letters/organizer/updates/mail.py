"""The email that contains an update: as signers get it, as a test, and as a preview."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone, translation

from letters.base.outbox.built import Builder, Built, Drop, DropReason, Hold, Send
from letters.base.outbox.composing import compose_email, compose_email_to, render_email
from letters.base.outbox.senders import of_collective
from letters.models import Display, EmailKind, OutgoingEmail, Update
from letters.organizer.notifications import queries as notifications
from letters.organizer.notifications.mail import compose_notification, footer
from letters.organizer.updates import queries
from letters.shared.absolute_urls import fit_for_email
from letters.shared.languages import direction, interface_language
from letters.shared.message_ids import list_headers
from letters.shared.plain_text import to_plain


def update(outgoing: OutgoingEmail) -> Built:
    """Build the email to one signer, if they may still get it. Hold it while the update is paused."""
    recipient = queries.recipient_of(outgoing)
    if recipient is None:
        return Drop(DropReason.SETTLED)
    if recipient.state == Update.State.PAUSED:
        return Hold()
    letter_update, now = queries.update_being_sent(outgoing.update_id or 0), timezone.now()
    unsubscribe_url = settings.SITE_URL + recipient.signature.link("unsubscribe", now=now)
    parts = _parts(
        letter_update,
        language=recipient.signature.language,
        consent=recipient.consent,
        consented_at=recipient.consented_at,
        is_named=recipient.signature.display == Display.PUBLIC,
        manage_url=settings.SITE_URL + recipient.signature.link("manage", now=now),
        unsubscribe_url=unsubscribe_url,
    )
    message = compose_email(outgoing, parts, to=recipient.address)
    message.extra_headers |= list_headers(unsubscribe_url)
    return Send(message)


def update_copy(outgoing: OutgoingEmail) -> Built:
    """Build the copy for one organizer, without a signer's links."""
    recipient = notifications.recipient_of(outgoing, now=timezone.now())
    sent = recipient.notification.update if recipient else None
    if recipient is None or sent is None:
        return Drop(DropReason.UNWANTED)
    parts = _parts(sent, language=recipient.language, template="update_copy", **footer(recipient))
    return Send(compose_notification(outgoing, recipient, parts))


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.UPDATE: update, EmailKind.UPDATE_COPY: update_copy}


def preview(letter_update: Update, *, language: str) -> dict[str, str]:
    """Return the email as signers in a language will get it. Its personal links lead nowhere."""
    links: dict[str, Any] = {
        f"{name}_url": f"{settings.SITE_URL}/signatures/{name}/…/" for name in ("manage", "unsubscribe")
    }
    return _parts(letter_update, language=language, **links)


def trial_mail(letter_update: Update, address: str, *, language: str = "") -> EmailMultiAlternatives:
    """Build the same email without personal links, as signers in a language get it; by default, in the original's."""
    return compose_email_to(
        _parts(letter_update, language=language or letter_update.language, is_test=True), to=address
    )


def _parts(
    letter_update: Update,
    *,
    language: str,
    template: str = "update",
    consent: str = "",
    consented_at: datetime | None = None,
    is_named: bool = True,
    **more: Any,
) -> dict[str, str]:
    """Render the update in the signer's language, or else as it was written, and the words around it in the language in
    which the signer agreed.
    """
    letter, text = letter_update.letter, letter_update.text_in(language)
    with translation.override(interface_language(language)):
        plain = to_plain(text.html, base=settings.SITE_URL)
    context = {
        "letter_update": text,
        "text": plain,
        "html": fit_for_email(text.html, settings.SITE_URL),
        "letter": letter,
        "letter_title": queries.title_of(letter),
        "letter_url": settings.SITE_URL + letter.get_absolute_url(),
        "update_url": _public_url(letter_update, text.language),
        "consent": consent,
        "consented_at": consented_at,
        "direction": direction(text.language),
        **more,
    }
    sender = of_collective(letter.collective, is_named=is_named, language=language)
    return render_email(template, context, language=language, keeps_links=True, sender=sender)


def _public_url(letter_update: Update, language: str) -> str:
    """Return the URL of the public page, in this language if the letter has it; "" if there is no public page."""
    if not letter_update.is_public or not letter_update.pk:
        return ""
    known = language if language in queries.public_languages(letter_update.letter) else ""
    return settings.SITE_URL + letter_update.url(known)
