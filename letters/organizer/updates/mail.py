"""The email that contains an update: as signers get it, as a test, and as a preview."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone, translation

from letters.base.outbox.built import Builder, Built, Drop, DropReason, Hold, Send
from letters.base.outbox.composing import compose_email, compose_email_to, render_email
from letters.models import EmailKind, OutgoingEmail, Update
from letters.organizer.updates import queries
from letters.shared.absolute_urls import fit_for_email
from letters.shared.languages import direction, interface_language
from letters.shared.message_ids import mail_host
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
        manage_url=settings.SITE_URL + recipient.signature.link("manage", now=now),
        unsubscribe_url=unsubscribe_url,
    )
    message = compose_email(outgoing, parts, to=recipient.address)
    message.extra_headers |= _list_headers(unsubscribe_url)
    return Send(message)


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.UPDATE: update}


def trial_mail(letter_update: Update, address: str) -> EmailMultiAlternatives:
    """Build the same email without personal links, for the person who writes the update."""
    return compose_email_to(_parts(letter_update, language=letter_update.language, is_test=True), to=address)


def _list_headers(unsubscribe_url: str) -> dict[str, str]:
    """Let recipients unsubscribe with one click in their email program (RFC 8058), and sort by list (RFC 2919).

    Privacy: all letters share one List-Id. With an Id per letter, anybody who keeps headers would recognise the letter.
    There is no "Precedence: bulk": no standard defines it, and List-Id already tells machines not to answer (RFC 3834).
    """
    return {
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<news.{mail_host()}>",
    }


def _parts(
    letter_update: Update, *, language: str, consent: str = "", consented_at: datetime | None = None, **more: Any
) -> dict[str, str]:
    """Render the update as it was written, and the words around it in the language in which the signer agreed."""
    letter = letter_update.letter
    with translation.override(interface_language(language)):
        text = to_plain(letter_update.html, base=settings.SITE_URL)
    context = {
        "letter_update": letter_update,
        "text": text,
        "html": fit_for_email(letter_update.html, settings.SITE_URL),
        "letter": letter,
        "letter_title": queries.title_of(letter),
        "letter_url": settings.SITE_URL + letter.get_absolute_url(),
        "update_url": settings.SITE_URL + letter_update.url() if letter_update.is_public and letter_update.pk else "",
        "consent": consent,
        "consented_at": consented_at,
        "direction": direction(letter_update.language),
        **more,
    }
    return render_email("update", context, language=language, keeps_links=True)
