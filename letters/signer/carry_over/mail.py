"""The email that asks a signer about a change. Privacy: it repeats nothing that the signer typed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from letters.base.accounts.invitations import ASKED_AGAIN_AFTER
from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send, Unsent, Wait
from letters.base.outbox.composing import compose_email, render_email
from letters.base.outbox.daily_limit import full_since, instead_of_one_too_many
from letters.base.outbox.senders import of_collective
from letters.models import (
    CarryOver,
    Display,
    EmailKind,
    Letter,
    OutgoingEmail,
    Revision,
    Signature,
    SignerContact,
    Translation,
)
from letters.signer.carry_over import queries


def carry_over(outgoing: OutgoingEmail) -> Built:
    """Build the email that says what changed and asks the signer, if the question is open and not answered."""
    signatures = Signature.objects.select_related(
        "letter__collective", "letter__current_revision", "revision", "contact"
    )
    signature = signatures.get(outgoing_emails=outgoing)
    contact: SignerContact | None = getattr(signature, "contact", None)
    if contact is None:
        return Drop(DropReason.NO_ADDRESS)
    if signature.state != Signature.State.PUBLISHED or signature.letter.status not in queries.ASKING:
        return Drop(DropReason.SETTLED)
    choice = queries.choice_of(signature)
    if choice.question is None or choice.answer or outgoing.key != key_of(choice.question, signature):
        return Drop(DropReason.SETTLED)
    if signature.concern in {Signature.Concern.COMPLAINED, Signature.Concern.BOUNCED}:
        return Drop(DropReason.UNWANTED)
    now = timezone.now()
    if instead := _later(outgoing, signature, now):
        return instead
    links = {
        "answer_url": settings.SITE_URL + signature.link("carry-over", now=now),
        "manage_url": settings.SITE_URL + signature.link("manage", now=now),
        "not_me_url": settings.SITE_URL + signature.link("not-me", now=now),
    }
    context = _context(signature.letter, choice.question.revision, choice.text)
    is_named = signature.display == Display.PUBLIC
    sender = of_collective(signature.letter.collective, is_named=is_named, language=signature.language)
    parts = render_email("carry_over", {**context, **links}, language=signature.language, sender=sender)
    return Send(compose_email(outgoing, parts, to=contact.address))


def _later(outgoing: OutgoingEmail, signature: Signature, now: datetime) -> Unsent | None:
    """Return what happens instead of sending now: nothing leaves for a suspended collective."""
    if signature.letter.collective.suspended_at:
        return Wait(now + ASKED_AGAIN_AFTER)
    return instead_of_one_too_many(outgoing, full_since(outgoing, signature, now=now))


def key_of(question: CarryOver, signature: Signature) -> str:
    """Return the key that the statement OWE gives this email."""
    return f"carry_over:{question.pk}:{signature.pk}"


def preview(letter: Letter, change: Revision) -> dict[str, str]:
    """Return the email as signers will read it, for organizers to check. Its links lead nowhere."""
    links = {
        f"{name}_url": f"{settings.SITE_URL}/signatures/{path}/…/"
        for name, path in {"answer": "carry-over", "manage": "manage", "not_me": "not-me"}.items()
    }
    text = queries.text_in(letter.current_revision or change, letter.language)
    sender = of_collective(letter.collective, is_named=True, language=letter.language)
    return render_email(
        "carry_over", {**_context(letter, change, text), **links}, language=letter.language, sender=sender
    )


def _context(letter: Letter, change: Revision, text: Translation) -> dict[str, Any]:
    return {
        "letter": letter,
        "title": text.title,
        "letter_url": settings.SITE_URL + letter.get_absolute_url(text.language),
        "history_url": settings.SITE_URL + letter.url_of("history", text.language),
        "change": change,
        "note": change.note_in(text.language),
    }


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.CARRY_OVER: carry_over}
