"""The email that asks a signer about a change. Privacy: it repeats nothing that the signer typed."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from letters.base.outbox.composing import compose_mail, render_mail
from letters.base.outbox.mail import NotBefore
from letters.base.outbox.queries import free_again_at
from letters.models import CarryOver, Letter, OutgoingEmail, Revision, Signature, SignerContact, Translation
from letters.signer.carry_over import queries


def carry_over(outgoing: OutgoingEmail) -> EmailMessage | NotBefore | None:
    """Say what changed, and ask; return None if the signer has answered or the question is no longer open.

    The email is put off if its address has had three emails within a day, because the signer can answer later.
    """
    signatures = Signature.objects.select_related(
        "letter__collective", "letter__current_revision", "revision", "contact"
    )
    signature = signatures.get(outgoing_emails=outgoing)
    contact: SignerContact | None = getattr(signature, "contact", None)
    if not contact or signature.state != Signature.State.PUBLISHED or signature.letter.status not in queries.ASKING:
        return None
    standing = queries.standing_of(signature)
    if standing.question is None or standing.answer or outgoing.key != key_of(standing.question, signature):
        return None
    if signature.concern in {Signature.Concern.COMPLAINED, Signature.Concern.BOUNCED}:
        return None
    now = timezone.now()
    if until := free_again_at(outgoing, signature, now=now):
        return NotBefore(until)
    links = {
        "answer_url": settings.SITE_URL + signature.link("carry-over", now=now),
        "manage_url": settings.SITE_URL + signature.link("manage", now=now),
        "not_me_url": settings.SITE_URL + signature.link("not-me", now=now),
    }
    context = _context(signature.letter, standing.question.revision, standing.text)
    parts = render_mail("carry_over", {**context, **links}, language=signature.language)
    return compose_mail(outgoing, parts, to=contact.address)


def key_of(question: CarryOver, signature: Signature) -> str:
    """Return the key that the statement OWE gives to this email."""
    return f"carry_over:{question.pk}:{signature.pk}"


def preview(letter: Letter, change: Revision) -> dict[str, str]:
    """Return the email as signers will read it, for organizers to check. Its links lead nowhere."""
    links = {
        f"{name}_url": f"{settings.SITE_URL}/signatures/{path}/…/"
        for name, path in {"answer": "carry-over", "manage": "manage", "not_me": "not-me"}.items()
    }
    text = queries.text_in(letter.current_revision or change, letter.language)
    return render_mail("carry_over", {**_context(letter, change, text), **links}, language=letter.language)


def _context(letter: Letter, change: Revision, text: Translation) -> dict[str, Any]:
    return {
        "letter": letter,
        "title": text.title,
        "letter_url": settings.SITE_URL + letter.get_absolute_url(text.language),
        "history_url": settings.SITE_URL + letter.url_of("history", text.language),
        "change": change,
    }


MAILS: Mapping[str, Callable[[OutgoingEmail], EmailMessage | NotBefore | None]] = {
    OutgoingEmail.Kind.CARRY_OVER: carry_over
}
