"""Read updates: the recipient at the moment of sending, and what organizers see."""

import time
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.db import connection

from letters.base.audit_log.queries import events_of
from letters.models import (
    COUNTED,
    AddresseeAnswer,
    Letter,
    OutgoingEmail,
    Signature,
    SignerContact,
    Translation,
    Update,
)
from letters.models.lifecycle import is_in

MAX_LISTED = 100
# Performance: the page says before sending how many signers have agreed. It reads only this many of the newest
# signatures.
MAX_ASKED = 10_000


@dataclass(frozen=True)
class Recipient:
    """The recipient of an update at this moment."""

    # Only the columns that links need.
    signature: Signature
    # Encrypted, as it is stored.
    address: bytes | memoryview
    # The words that the signer agreed to, and when.
    consent: str
    consented_at: datetime
    # The state of the update (Update.State).
    state: str


# Performance: runs for each email, so one round trip without the ORM.
RECIPIENT = f"""
SELECT signature.salt, signature.language, contact.address, contact.consent, contact.consented_at, sent_update.state
FROM letters_update AS sent_update
JOIN letters_letter AS letter ON letter.id = sent_update.letter_id
JOIN letters_signature AS signature ON signature.letter_id = letter.id
JOIN letters_signercontact AS contact ON contact.signature_id = signature.id
WHERE sent_update.id = %s AND signature.id = %s AND sent_update.state IN ('sending', 'paused')
    AND letter.status IN ('published', 'closed')
    AND {is_in([COUNTED], "signature.state")}
    AND signature.concern NOT IN ('bounced', 'complained') AND contact.consent <> ''
"""  # noqa: S608 -- our own statement


def recipient_of(outgoing: OutgoingEmail) -> Recipient | None:
    """Return the recipient, or None if the signer must not get the update any more.

    Reasons are that the signature or the consent is gone, an email bounced or was reported as spam, the letter was
    withdrawn, or the update was stopped.
    """
    with connection.cursor() as cursor:
        cursor.execute(RECIPIENT, [outgoing.update_id, outgoing.signature_id])
        row = cursor.fetchone()
    if row is None:
        return None
    salt, language, *rest = row
    return Recipient(Signature(pk=outgoing.signature_id, salt=salt, language=language), *rest)


def is_on_record(answer: AddresseeAnswer, fingerprint: str) -> bool:
    """Tell whether the audit log holds the text of an answer with this fingerprint."""
    return events_of(answer).filter(verb="write_answer", details__before__sha256=fingerprint).exists()


def update_being_sent(update_id: int) -> Update:
    """Return the update with its letter, at most a second old: a thousand emails need the same row."""
    return _update_in_second(update_id, int(time.monotonic()))


@lru_cache(maxsize=16)
def _update_in_second(update_id: int, second: int) -> Update:
    return Update.objects.select_related("letter__collective").get(pk=update_id)


def title_of(letter: Letter) -> str:
    """Return the title of the published text in the letter's own language; before publication, that of the draft."""
    return (
        _title_of(letter.current_revision_id, letter.language) if letter.current_revision_id else letter.newest_title()
    )


@lru_cache(maxsize=256)
def _title_of(revision_id: int, language: str) -> str:
    """Return the title from a cache without end: a published text never changes (a database trigger enforces it)."""
    return Translation.objects.values_list("title", flat=True).get(revision_id=revision_id, language=language)


def updates_under_way() -> list[int]:
    return list(Update.objects.under_way().values_list("pk", flat=True))


# For organizers


def updates_of(letter: Letter) -> list[Update]:
    """Return the updates without their texts, newest first."""
    return list(letter.updates.defer("body", "html").order_by("-pk")[:MAX_LISTED])


def update_of(letter: Letter, update_id: int) -> Update:
    """Return the update. Raises Update.DoesNotExist also for an update of another letter."""
    return Update.objects.select_related("letter__collective").get(pk=update_id, letter=letter)


def answers_of(letter: Letter) -> list[AddresseeAnswer]:
    return list(
        AddresseeAnswer.objects.filter(letter=letter).defer("body", "html").order_by("-answered_on", "-pk")[:MAX_LISTED]
    )


def days_of_answer(letter: Letter, now: datetime) -> tuple[date, date]:
    """Return the first and the last day on which the letter can have been answered, in its collective's time zone."""
    zone = letter.collective.zone()
    return (letter.published_at or letter.created_at).astimezone(zone).date(), now.astimezone(zone).date()


def answer_of(letter: Letter, answer_id: int) -> AddresseeAnswer:
    """Return the answer. Raises AddresseeAnswer.DoesNotExist also for an answer to another letter."""
    return AddresseeAnswer.objects.select_related("letter__collective").get(pk=answer_id, letter=letter)


def languages_of(letter: Letter) -> list[str]:
    """Return the letter's own language first, then the others of its newest text."""
    newest = letter.revisions.order_by("-number").first()
    codes = newest.translations.values_list("language", flat=True) if newest else []
    return [letter.language, *(language for language in codes if language != letter.language)]


@dataclass(frozen=True)
class Reach:
    """The number of people who would get an update now."""

    number: int
    # True if all signatures were counted; False if only the newest MAX_ASKED were.
    is_all: bool
    most: int = MAX_ASKED


def reach(letter: Letter) -> Reach:
    """Count over a bounded number of the newest signatures. The worker counts all of them when it sends."""
    newest = Signature.objects.filter(letter=letter).published()
    asked = newest.filter(concern__in=["", "disposable", "unproven"])[:MAX_ASKED].values("pk")
    agreed = SignerContact.objects.filter(pk__in=asked).exclude(consent="").count()
    return Reach(agreed, letter.last_number <= MAX_ASKED)
