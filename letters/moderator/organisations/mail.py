"""Build the emails to a person who signs for an organisation.

Abuse: no email repeats the name of the organisation, its website or the person. Otherwise anyone could type a
stranger's address into the form, and we would deliver an advertisement or an insult.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send
from letters.base.outbox.composing import compose_email, pad_email, render_email
from letters.base.outbox.daily_limit import full_since_of, instead_of_one_too_many
from letters.base.outbox.queries import has_complained
from letters.models import EmailKind, OrganisationSignature, OrganisationState, OutgoingEmail
from letters.moderator.organisations import queries


def organisation(outgoing: OutgoingEmail) -> Built:
    """Ask the owner of the address to confirm. If this address has confirmed before, send the control link instead.

    Privacy: whether it is sent depends on the letter and on emails to the address, never on who has signed. From
    outside, both emails look the same.
    """
    now, asked = timezone.now(), queries.asked_for(outgoing)
    if isinstance(asked, Drop):
        return asked
    if asked.row.state != OrganisationState.PENDING:
        return Drop(DropReason.SETTLED)
    if has_complained(asked.address_hash):
        return Drop(DropReason.UNWANTED)
    if asked.row.letter.confirmation_refusal(now):
        return Drop(DropReason.LETTER_OVER)
    if instead := instead_of_one_too_many(outgoing, full_since_of(outgoing, asked.address_hash, now=now)):
        return instead
    known = queries.confirmed_by(asked.row, asked)
    return _built("organisation_again" if known else "organisation", outgoing, asked, known or asked.row, now)


def signed(outgoing: OutgoingEmail) -> Built:
    """Send the control link to a person who has just confirmed."""
    asked = queries.asked_for(outgoing)
    if isinstance(asked, Drop):
        return asked
    row = asked.row
    if row.state in {OrganisationState.PENDING, OrganisationState.WITHDRAWN} or row.is_emptied:
        return Drop(DropReason.SETTLED)
    return _built("organisation_signed", outgoing, asked, row, timezone.now())


def _built(
    template: str, outgoing: OutgoingEmail, asked: queries.AskedFor, row: OrganisationSignature, now: datetime
) -> Built:
    letter = row.letter
    context: dict[str, Any] = {
        "letter": letter,
        "title": queries.title_in(letter, asked.language),
        "letter_url": settings.SITE_URL + letter.get_absolute_url(asked.language),
        "confirm_url": settings.SITE_URL + row.link("organisation", now=now),
        "manage_url": settings.SITE_URL + row.link("organisation-link", now=now),
        "days": settings.CONFIRMATION_DAYS,
        "waits": row.state == OrganisationState.WAITING,
    }
    parts = render_email(template, context, language=asked.language)
    return Send(pad_email(compose_email(outgoing, parts, to=asked.address)))


EMAIL_BUILDERS: Mapping[str, Builder] = {
    EmailKind.ORGANISATION: organisation,
    EmailKind.ORGANISATION_SIGNED: signed,
}
