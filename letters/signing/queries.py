"""What signing reads, each in one round trip."""

from datetime import datetime, timedelta

from django.conf import settings

from letters.models import Delivery, Letter, Signature, Translation
from letters.shared.tokens import Token, read_token


def letter_to_sign(slug: str) -> Letter:
    """A letter that the public may know of. Raises Letter.DoesNotExist."""
    return Letter.objects.public().select_related("collective").get(slug=slug)


def translation_of(revision_id: int, language: str) -> Translation:
    """The text that a signer sees in a language. Raises Translation.DoesNotExist."""
    return Translation.objects.defer("body", "html").get(revision_id=revision_id, language=language)


def signature_of_token(purpose: str, text: str) -> tuple[Signature, Token] | None:
    """The signature that a mailed link is for; None if the link was cut or changed, or the signature is gone."""
    token = read_token(purpose, text)
    if token is None:
        return None
    found = Signature.objects.select_related("letter__collective").filter(pk=token.signature_id).first()
    return (found, token) if found and token.matches(found.salt) else None


def is_expired(token: Token, now: datetime) -> bool:
    return now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)


def signature_of_delivery(delivery: Delivery) -> Signature:
    """The signature as it is now, with its letter and, if it is still known, its contact."""
    return Signature.objects.select_related("letter__collective", "contact").get(pk=delivery.signature_id)
