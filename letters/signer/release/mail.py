"""The emails about the names of a letter. Privacy: they repeat nothing that the signer typed."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send
from letters.base.outbox.composing import compose_email, pad_email, render_email
from letters.models import EmailKind, OutgoingEmail, Release, Signature, SignerContact, State, Translation


def announcement(outgoing: OutgoingEmail) -> Built:
    """Say when the names appear, and how to leave or to withhold the name before, if that is still so."""
    signature, contact = _signer(outgoing)
    release = Release.objects.filter(letter=signature.letter_id).first()
    if contact is None:
        return Drop(DropReason.NO_ADDRESS)
    is_current = release is not None and release.due_at and outgoing.key.endswith(f":{release.announced}")
    if signature.state != State.SEALED or not is_current:
        return Drop(DropReason.SETTLED)
    return _email("release", outgoing, signature, contact, release=release)


def goodbye(outgoing: OutgoingEmail) -> Built:
    """Say that too few people have signed, and that everything is deleted."""
    signature, contact = _signer(outgoing)
    if contact is None:
        return Drop(DropReason.NO_ADDRESS)
    if signature.state != State.SEALED:
        return Drop(DropReason.SETTLED)
    return _email("unreached", outgoing, signature, contact)


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.RELEASE: announcement, EmailKind.UNREACHED: goodbye}


def _signer(outgoing: OutgoingEmail) -> tuple[Signature, SignerContact | None]:
    signatures = Signature.objects.select_related("letter__collective", "contact")
    signature = signatures.get(outgoing_emails=outgoing)
    return signature, getattr(signature, "contact", None)


def _email(template: str, outgoing: OutgoingEmail, signature: Signature, contact: SignerContact, **more: Any) -> Built:
    if signature.concern == Signature.Concern.COMPLAINED:
        return Drop(DropReason.UNWANTED)
    now, letter = timezone.now(), signature.letter
    titles = Translation.objects.filter(revision=signature.revision_id, language=signature.language)
    context: dict[str, Any] = {
        "letter": letter,
        "title": titles.values_list("title", flat=True).get(),
        "letter_url": settings.SITE_URL + letter.get_absolute_url(signature.language),
        "manage_url": settings.SITE_URL + signature.link("manage", now=now),
        "not_me_url": settings.SITE_URL + signature.link("not-me", now=now),
        **more,
    }
    parts = render_email(template, context, language=signature.language)
    return Send(pad_email(compose_email(outgoing, parts, to=contact.address)))
