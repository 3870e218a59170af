"""Build the email with which the person named confirms their report.

Privacy: every address that someone types gets this email. If it is the address that signed, the email contains the
control link instead. From outside, both look the same.
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
from letters.models import EmailKind, OutgoingEmail, Signature
from letters.moderator.reports import queries
from letters.shared.addresses import Address, address_of, decrypt
from letters.shared.localized_paths import localized_url
from letters.shared.tokens import make_name_report_token


def name_report(outgoing: OutgoingEmail) -> Built:
    """Ask the person named to confirm, or send the signer their control link.

    Privacy: whether it is sent depends on what the public list shows and on emails to the address, never on whether the
    address signed.
    """
    now, asked = timezone.now(), queries.asked_by_named(outgoing)
    request, signature = asked.request, asked.signature
    if request.address is None:
        return Drop(DropReason.NO_ADDRESS)
    if not queries.is_shown(signature):
        return Drop(DropReason.SETTLED)
    if has_complained(request.address_hash):
        return Drop(DropReason.UNWANTED)
    if instead := instead_of_one_too_many(outgoing, full_since_of(outgoing, request.address_hash, now=now)):
        return instead
    address = address_of(decrypt(request.address))
    template = "name_report_signed" if queries.is_signer(signature, address) else "name_report"
    context = _context(signature, address, request.language, now)
    parts = render_email(template, context, language=request.language)
    return Send(pad_email(compose_email(outgoing, parts, to=request.address)))


def _context(signature: Signature, address: Address, language: str, now: datetime) -> dict[str, Any]:
    letter, salt = signature.letter, signature.salt
    token = make_name_report_token(signature_id=signature.pk, salt=salt, now=now, address=address.deliverable)
    report_url = localized_url("name-report", language, own_language=letter.language, token=token)
    return {
        "letter": letter,
        "title": queries.title_in(letter, language),
        "number": signature.number,
        "letter_url": settings.SITE_URL + letter.get_absolute_url(language),
        "report_url": settings.SITE_URL + report_url,
        "manage_url": settings.SITE_URL + signature.link("manage", now=now),
        "not_me_url": settings.SITE_URL + signature.not_me_link(signature.spelling_hash, now=now),
        "days": settings.CONFIRMATION_DAYS,
    }


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.NAME_REPORT: name_report}
