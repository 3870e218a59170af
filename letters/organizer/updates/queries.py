"""Read updates: the recipient at the moment of sending, and what organizers see."""

import time
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from letters.base.audit_log.queries import events_of
from letters.base.changes.bin import KEPT_IN_BIN
from letters.models import (
    AGREED_SINCE_MOVE,
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
from letters.shared.languages import language_name
from letters.shared.sql import fetch_row

MAX_LISTED = 100
# Performance: the page says before sending how many signers have agreed. It reads only this many of the newest
# signatures.
MAX_ASKED = 10_000


@dataclass(frozen=True)
class Recipient:
    """The recipient of an update at this moment."""

    # Only the columns that links and the sender need.
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
SELECT signature.salt, signature.language, signature.display, contact.address, contact.consent, contact.consented_at,
    sent_update.state
FROM letters_update AS sent_update
JOIN letters_letter AS letter ON letter.id = sent_update.letter_id
JOIN letters_signature AS signature ON signature.letter_id = letter.id
JOIN letters_signercontact AS contact ON contact.signature_id = signature.id
WHERE sent_update.id = %s AND signature.id = %s AND sent_update.state IN ('sending', 'paused')
    AND letter.status IN ('published', 'closed')
    AND {is_in([COUNTED], "signature.state")}
    AND signature.concern NOT IN ('bounced', 'complained') AND contact.consent <> ''
    AND {AGREED_SINCE_MOVE}
"""  # noqa: S608 -- our own statement


def recipient_of(outgoing: OutgoingEmail) -> Recipient | None:
    """Return the recipient, or None if the signer must no longer get the update.

    Reasons are that the signature or the consent is gone, an email bounced or was reported as spam, the letter was
    withdrawn, or the update was stopped.
    """
    row = fetch_row(RECIPIENT, [outgoing.update_id, outgoing.signature_id])
    if row is None:
        return None
    salt, language, display, *rest = row
    signature = Signature(pk=outgoing.signature_id, salt=salt, language=language, display=display)
    return Recipient(signature, *rest)


def is_on_record(answer: AddresseeAnswer, fingerprint: str) -> bool:
    """Return whether the audit record holds the text of an answer with this fingerprint."""
    return events_of(answer).filter(verb="write_answer", details__before__sha256=fingerprint).exists()


def update_being_sent(update_id: int) -> Update:
    """Return the update with its letter, at most a second old: a thousand emails need the same row."""
    return _update_in_second(update_id, int(time.monotonic()))


@lru_cache(maxsize=16)
def _update_in_second(update_id: int, second: int) -> Update:
    return Update.objects.select_related("letter__collective").prefetch_related("translations").get(pk=update_id)


def public_languages(letter: Letter) -> frozenset[str]:
    """Return the languages in which the public reads the letter."""
    return _languages_of(letter.current_revision_id) if letter.current_revision_id else frozenset()


@lru_cache(maxsize=256)
def _languages_of(revision_id: int) -> frozenset[str]:
    """Return the languages from a cache that never expires: a published text never gets another language."""
    return frozenset(Translation.objects.filter(revision_id=revision_id).values_list("language", flat=True))


def title_of(letter: Letter) -> str:
    """Return the title of the published text in the letter's own language; before publication, that of the draft."""
    return (
        _title_of(letter.current_revision_id, letter.language) if letter.current_revision_id else letter.newest_title()
    )


@lru_cache(maxsize=256)
def _title_of(revision_id: int, language: str) -> str:
    """Return the title from a cache that never expires: a trigger ensures that a published text never changes."""
    return Translation.objects.values_list("title", flat=True).get(revision_id=revision_id, language=language)


def updates_under_way() -> list[int]:
    return list(Update.objects.under_way().values_list("pk", flat=True))


# For organizers


def updates_of(letter: Letter) -> list[Update]:
    """Return the updates without their texts, newest first."""
    return list(letter.updates.filter(binned_at=None).defer("body", "html").order_by("-pk")[:MAX_LISTED])


@dataclass(frozen=True)
class BinnedUpdate:
    """The draft of an update in the bin, and when it will be deleted for good."""

    update: Update
    deleted_on: datetime


def binned_updates_of(letter: Letter) -> list[BinnedUpdate]:
    """Return the drafts in the bin, the latest first."""
    binned = letter.updates.filter(binned_at__isnull=False).defer("body", "html").order_by("-binned_at", "-pk")
    return [BinnedUpdate(each, each.binned_at + KEPT_IN_BIN) for each in binned[:MAX_LISTED] if each.binned_at]


def update_of(letter: Letter, update_id: int) -> Update:
    """Return the update. Raises Update.DoesNotExist also for an update of another letter."""
    whole = Update.objects.select_related("letter__collective").prefetch_related("translations", "corrections")
    return whole.get(pk=update_id, letter=letter)


def answers_of(letter: Letter) -> list[AddresseeAnswer]:
    return list(
        AddresseeAnswer.objects.filter(letter=letter).defer("body", "html").order_by("-answered_on", "-pk")[:MAX_LISTED]
    )


def days_of_answer(letter: Letter, now: datetime) -> tuple[date, date]:
    """Return the first and the last day on which the letter can have been answered, in the letter's time zone."""
    zone = letter.zone()
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
class LanguageOfUpdate:
    """A language of the letter, and whether the update has a text in it."""

    code: str
    name: str
    is_original: bool
    is_written: bool


def languages_of_update(letter: Letter, update: Update) -> list[LanguageOfUpdate]:
    """Return the languages that the letter or the update has, the original first."""
    written = update.languages()
    codes = [*written, *(code for code in languages_of(letter) if code not in written)]
    return [LanguageOfUpdate(code, language_name(code), code == update.language, code in written) for code in codes]


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
    agreed = SignerContact.objects.filter(pk__in=asked).exclude(consent="")
    if letter.moved_at:
        agreed = agreed.filter(consented_at__gt=letter.moved_at)
    return Reach(agreed.count(), letter.last_number <= MAX_ASKED)
