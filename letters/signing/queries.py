"""What signing reads, each in one round trip."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from django.conf import settings
from django.db import connection

from letters.models import Delivery, Letter, Signature, Translation
from letters.shared.addresses import unseal
from letters.shared.tokens import Token


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


@lru_cache(maxsize=1024)
def title_of(revision_id: int, language: str) -> str:
    """What was signed. For ever, since only what is published is signed and nobody can change that (migration 0002)."""
    return Translation.objects.values_list("title", flat=True).get(revision_id=revision_id, language=language)


def signature_of_token(purpose: str, text: str) -> tuple[Signature, Token] | None:
    """The signature that a mailed link is for; None if the link was cut or changed, or the signature is gone."""
    return Signature.objects.of_token(purpose, text)


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


@dataclass(frozen=True)
class Recipient:
    """Whom a mail is for, as things stand now."""

    signature: Signature
    # Encrypted, as it is stored; None once it has been forgotten.
    address: bytes | memoryview | None
    # How many mails the address has had within a day, over all letters, and whether there was one about this signature
    # a moment before this one; both without mails that thank, which answer the owner of the mailbox, and without
    # updates, which the owner has asked for: a stranger who types an address cannot cause one.
    mails_today: int
    mailed_just_now: bool


# In one round trip, and not by the ORM, which would take longer to put this question than the database to answer it: it
# is asked for each mail. Other mails that were tried before this one and are not settled are under way, here or in
# another worker. Those that came back count too: else a mailbox that does not exist could be written to without end.
COLUMNS = [field.attname for field in Signature._meta.concrete_fields]
RECIPIENT = f"""
SELECT {", ".join(f"signature.{column}" for column in COLUMNS)}, address, mails_today, mailed_just_now
FROM letters_signature AS signature
LEFT JOIN letters_signercontact AS contact ON contact.signature_id = signature.id
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE under_way OR sent_at > %(yesterday)s OR failed_at > %(yesterday)s) AS mails_today,
        count(*) FILTER (WHERE others.signature_id = signature.id
            AND (under_way OR (sent_at IS NOT NULL AND created_at > %(just_now)s))) > 0 AS mailed_just_now
    FROM (
        SELECT delivery.*, delivery.id < %(delivery)s AND attempts > 0
            AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL AS under_way
        FROM letters_signature AS same JOIN letters_delivery AS delivery ON delivery.signature_id = same.id
        WHERE same.address_hash = signature.address_hash AND delivery.kind NOT IN ('thanks', 'update')
            AND delivery.id <> %(delivery)s
    ) AS others
) AS mailed
WHERE signature.id = %(signature)s
"""  # noqa: S608 -- our own names of columns


def recipient_of(delivery: Delivery, *, now: datetime) -> Recipient:
    """With the letter as it was within the last second. Raises Signature.DoesNotExist if the signature is gone."""
    values: dict[str, int | datetime] = {
        "signature": delivery.signature_id,
        "delivery": delivery.pk,
        "yesterday": now - timedelta(days=1),
        "just_now": delivery.created_at - (SAME_REQUEST if delivery.kind == Delivery.Kind.REQUESTED else SAME_SIGNING),
    }
    with connection.cursor() as cursor:
        cursor.execute(RECIPIENT, values)
        row = cursor.fetchone()
    if row is None:
        raise Signature.DoesNotExist
    signature = Signature.from_db(connection.alias, COLUMNS, row[: len(COLUMNS)])
    signature.letter = _signed_letter_in_second(signature.letter_id, int(time.monotonic()))
    return Recipient(signature, *row[len(COLUMNS) :])


def is_one_mail_too_many(delivery: Delivery, recipient: Recipient) -> bool:
    """Whether this mail, which a form asked for, would come too soon after another, or be the fourth of the day."""
    if delivery.kind == Delivery.Kind.THANKS:
        return False
    asked_for_again = delivery.kind in {Delivery.Kind.SIGNED_AGAIN, Delivery.Kind.REQUESTED}
    return (asked_for_again and recipient.mailed_just_now) or recipient.mails_today >= MOST_MAILS_A_DAY


@lru_cache(maxsize=256)
def _signed_letter_in_second(letter_id: int, second: int) -> Letter:
    return Letter.objects.select_related("collective").get(pk=letter_id)


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
