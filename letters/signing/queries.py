"""What signing reads, each in one round trip."""

import time
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings

from letters.models import Delivery, Letter, Signature, Translation
from letters.shared.addresses import unseal
from letters.shared.tokens import Token, read_token


def letter_to_sign(slug: str, language: str) -> Letter:
    """A letter that the public may know of, as it was within the last second.

    Raises Letter.DoesNotExist, also if `language` is none that it has. Every signer needs it and it rarely changes:
    asked for each time, it costs as much as writing the signature.
    """
    return _letter_in_second(slug, language, int(time.monotonic()))


@lru_cache(maxsize=256)
def _letter_in_second(slug: str, language: str, second: int) -> Letter:
    letters = Letter.objects.public().select_related("collective")
    if language:
        letters = letters.filter(current_revision__translations__language=language)
    return letters.get(slug=slug)


def translation_of(revision_id: int, language: str) -> Translation:
    """The text that a signer sees in a language. Raises Translation.DoesNotExist."""
    return Translation.objects.defer("body", "html").get(revision_id=revision_id, language=language)


def signature_of_token(purpose: str, text: str) -> tuple[Signature, Token] | None:
    """The signature that a mailed link is for; None if the link was cut or changed, or the signature is gone."""
    token = read_token(purpose, text)
    if token is None:
        return None
    found = Signature.objects.select_related("letter__collective", "contact").filter(pk=token.signature_id).first()
    return (found, token) if found and token.matches(found.salt) else None


def stored_about(signature: Signature) -> dict[str, Any]:
    """Everything about a signer that stands in the database, in words: for the signer's eyes alone."""
    contact = getattr(signature, "contact", None)
    shown = ["name", "affiliation", "role", "country", "comment", "display", "language", "state", "verified", "number"]
    return {
        "letter": signature.letter.slug,
        **{name: getattr(signature, name) for name in shown},
        "address": unseal(contact.address) if contact else None,
        "address_known_again_by_a_hash": signature.address_hash is not None,
        "updates": contact.consent if contact else "",
        "updates_agreed_at": contact.consented_at if contact else None,
        "signed_at": signature.signed_at,
        "confirmed_at": signature.confirmed_at,
        "published_at": signature.published_at,
    }


def is_expired(token: Token, now: datetime) -> bool:
    return now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)


def signature_of_delivery(delivery: Delivery) -> Signature:
    """The signature as it is now, with its letter and, if it is still known, its contact."""
    return Signature.objects.select_related("letter__collective", "contact").get(pk=delivery.signature_id)
