"""What signing reads, each in one round trip."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from django.conf import settings
from django.db.models import Q

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
    typed = ["name", "affiliation", "role", "country", "comment", "display", "domain", "language"]
    shown = [*typed, "state", "verified", "number"]
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


# Not more than so many mails to an address within a day, over all letters: whoever types an address into our forms
# can have mail sent to it.
MOST_MAILS_A_DAY = 3
# A mail that is asked for again so soon after the last is a double click or a retry: that one is on its way.
SAME_SIGNING = timedelta(minutes=5)
SAME_REQUEST = timedelta(minutes=1)


def is_one_mail_too_many(delivery: Delivery, signature: Signature, now: datetime) -> bool:
    """Whether this mail, which a form asked for, would come too soon after another, or be the fourth of the day.

    The mail that thanks is not counted: it answers the owner of the mailbox, who has just confirmed.
    """
    others = Delivery.objects.exclude(kind=Delivery.Kind.THANKS).exclude(pk=delivery.pk)
    # Tried and not settled, before this one: on its way, here or in another worker.
    under_way = Q(pk__lt=delivery.pk, attempts__gt=0, sent_at=None, failed_at=None, dropped_at=None)
    if delivery.kind in {Delivery.Kind.SIGNED_AGAIN, Delivery.Kind.REQUESTED}:
        pause = SAME_REQUEST if delivery.kind == Delivery.Kind.REQUESTED else SAME_SIGNING
        just_now = Q(sent_at__isnull=False, created_at__gt=delivery.created_at - pause)
        if others.filter(under_way | just_now, signature=signature).exists():
            return True
    # Those that came back too: else a mailbox that does not exist could be written to without end.
    yesterday = now - timedelta(days=1)
    today = Q(sent_at__gt=yesterday) | Q(failed_at__gt=yesterday)
    to_address = others.filter(under_way | today, signature__address_hash=signature.address_hash)
    return to_address.count() >= MOST_MAILS_A_DAY


@dataclass(frozen=True)
class MailStanding:
    """What can be said of a mail that a form has asked for, to whoever filled in the form."""

    # "leaving", "delayed", "handed_over" (to the mail server), "refused" (by the mailbox's server)
    state: str
    at: datetime | None = None
    # About how long it will still take.
    minutes: int = 0


# For so long nothing more is said than that a mail is about to leave. Who has asked for a mail that is not sent, since
# the owner of the mailbox has had enough of them, reads the same as everybody else; at once, it would be settled a
# little sooner.
TOLD_AFTER = timedelta(seconds=3)
DELAYED_AFTER = timedelta(minutes=1)


def mail_standing(signature: Signature, *, since: datetime, now: datetime) -> MailStanding:
    """How the newest mail stands that a form has asked for since then."""
    asked_for = [Delivery.Kind.CONFIRM, Delivery.Kind.SIGNED_AGAIN, Delivery.Kind.REQUESTED]
    mails = Delivery.objects.filter(signature=signature, kind__in=asked_for, created_at__gte=since)
    mail = mails.order_by("-pk").first()
    if mail is None or now - mail.created_at < TOLD_AFTER:
        return MailStanding("leaving")
    if mail.failed_at:
        return MailStanding("refused", mail.failed_at)
    if settled_at := mail.sent_at or mail.dropped_at:
        return MailStanding("handed_over", settled_at)
    if mail.error or now - mail.created_at > DELAYED_AFTER:
        return MailStanding("delayed", minutes=max(1, ceil((mail.next_attempt_at - now) / timedelta(minutes=1))))
    return MailStanding("leaving")


def is_expired(token: Token, now: datetime) -> bool:
    return now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)


def signature_of_delivery(delivery: Delivery) -> Signature:
    """The signature as it is now, with its letter and, if it is still known, its contact."""
    return Signature.objects.select_related("letter__collective", "contact").get(pk=delivery.signature_id)
