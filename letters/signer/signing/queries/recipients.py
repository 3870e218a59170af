"""Look up the recipient of an email about a signature when its turn has come: one round trip for each email.

Performance: these queries are SQL, because the ORM would take longer to build them than the database to answer them.
"""

import time
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection

from letters.base.outbox.daily_limit import FULL_SINCE, other_emails
from letters.models import (
    A_DAY,
    COMPLAINED,
    OF_FORMS,
    PRIVATE_TO_PUBLIC,
    EmailKind,
    Letter,
    OutgoingEmail,
    Signature,
)
from letters.shared.sql import fetch_row

# An email that is asked for again within this time is a double click or a retry, and the first is on its way. A person
# who has typed something else gets an email of their own.
SAME_SIGNING = timedelta(minutes=5)
SAME_REQUEST = timedelta(minutes=1)


@dataclass(frozen=True)
class OtherEmails:
    """The other emails to the address that forms caused (see `counted_for`), as far as they matter for this one."""

    # When the oldest email of the last day was sent, if the address is at the daily limit; None below it.
    full_since: datetime | None
    # Whether another email about this submission left just before this one, or since; whether a newer one waits.
    sent_just_now: bool
    replaced: bool
    # Whether the owner has reported an email about this letter as spam; whether about any letter.
    has_complained_here: bool
    has_complained: bool


@dataclass(frozen=True)
class Stranger:
    """The recipient of an email that someone asked for, if the address has not signed the letter."""

    letter: Letter
    language: str
    # The same as in `Recipient`.
    address: bytes | memoryview | None
    others: OtherEmails


@dataclass(frozen=True)
class Recipient:
    """The recipient of an email about a signature."""

    signature: Signature
    # Encrypted; None once it has been deleted. If a form asked for this email, the address as it was typed there.
    address: bytes | memoryview | None
    # The submission that the email asks about: its cause, or else the newest. None if none waits for an answer.
    submission_id: int | None
    submitted_at: datetime | None
    # The text that the signer saw when they filled in the form.
    revision_id: int
    language: str
    # The most private choice of the signature and all submissions that wait for an answer.
    display: str
    # Whether an email to this spelling has bounced since someone typed it. Privacy: earlier bounces must not count,
    # because they are known only for addresses that have signed, or only for those that have not.
    has_failed: bool
    others: OtherEmails

    def as_stranger(self) -> Stranger:
        """Return the recipient as if the address had not signed."""
        return Stranger(self.signature.letter, self.language, self.address, self.others)


COLUMNS = [field.attname for field in Signature._meta.concrete_fields]
DISPLAYS = ", ".join(f"'{display}'" for display in PRIVATE_TO_PUBLIC)
COMPLAINT = f"others.error = '{COMPLAINED}'"


def _others(letter: str, *, about: str = "true") -> str:
    """Return SQL: the columns of OtherEmails. `letter` is an expression, `about` a condition for `sent_just_now`.

    Privacy: emails are counted by letter and address, whether there is a signature or not. Otherwise an address that is
    at its daily limit, or has reported spam, would from then on get different emails if it has signed.

    A lost link that left before the withdrawal of the letter was undone does not count in `sent_just_now`: it said that
    there was nothing to confirm, and the email that waited must still leave.
    """
    restored = f"(SELECT restored_at FROM letters_letter WHERE id = {letter})"  # noqa: S608 -- as below
    says_so = f"(others.kind <> '{EmailKind.REQUESTED}' OR coalesce(left_at > {restored}, true))"
    same = f"others.letter_id = {letter} AND others.spelling_hash IS NOT DISTINCT FROM %(spelling)s::bytea"
    return f"""
        {FULL_SINCE},
        count(*) FILTER (WHERE {same} AND {about} AND {says_so}
            AND (under_way OR (sent_at IS NOT NULL AND created_at > %(just_now)s))) > 0 AS sent_just_now,
        count(*) FILTER (WHERE {same}
            AND owed AND put_off_at IS NOT NULL AND others.id > %(outgoing)s) > 0 AS replaced,
        coalesce(bool_or(others.letter_id = {letter} AND {COMPLAINT}), false) AS has_complained_here,
        coalesce(bool_or({COMPLAINT}), false) AS has_complained"""


ABOUT_THE_SUBMISSION = """(others.submission_id IS NOT DISTINCT FROM %(submission)s::bigint
                OR others.submission_id IS NOT DISTINCT FROM typed.id)"""
# The columns of the signature, then the others in the order of Recipient.
RECIPIENT = f"""
SELECT {", ".join(f"signature.{column}" for column in COLUMNS)},
    CASE WHEN %(request)s::bigint IS NOT NULL THEN request.address
        WHEN %(submission)s::bigint IS NOT NULL THEN typed.address ELSE contact.address END,
    CASE WHEN typed.answered_at IS NULL THEN typed.id END, typed.submitted_at,
    coalesce(typed.revision_id, signature.revision_id),
    coalesce(request.language, typed.language, signature.language),
    (SELECT asked.display
        FROM (SELECT signature.display UNION ALL
            SELECT all_typed.display FROM letters_submission AS all_typed
            WHERE all_typed.signature_id = signature.id AND all_typed.answered_at IS NULL) AS asked
        ORDER BY array_position(ARRAY[{DISPLAYS}]::varchar[], display) LIMIT 1),
    mailed.*
FROM letters_signature AS signature
LEFT JOIN letters_signercontact AS contact ON contact.signature_id = signature.id
LEFT JOIN letters_mailrequest AS request ON request.id = %(request)s
LEFT JOIN LATERAL (
    SELECT id, submitted_at, revision_id, language, address, answered_at FROM letters_submission AS one
    WHERE one.signature_id = signature.id AND (one.id = %(submission)s
        OR (%(submission)s::bigint IS NULL AND one.spelling_hash = %(spelling)s AND answered_at IS NULL))
    ORDER BY submitted_at DESC, id DESC LIMIT 1
) AS typed ON true
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE others.signature_id = signature.id AND failed_at IS NOT NULL
            AND others.spelling_hash = %(spelling)s AND others.created_at >= typed.submitted_at) > 0 AS has_failed,
        {_others("signature.letter_id", about=ABOUT_THE_SUBMISSION)}
    FROM ({other_emails("signature.address_hash", OF_FORMS)}) AS others
) AS mailed
WHERE signature.id = %(signature)s
"""  # noqa: S608 -- our own names of columns

STRANGER = f"""
SELECT asked.letter_id, asked.language, asked.address, mailed.*
FROM letters_mailrequest AS asked CROSS JOIN LATERAL (
    SELECT {_others("asked.letter_id")}
    FROM ({other_emails("asked.address_hash", OF_FORMS)}) AS others
) AS mailed
WHERE asked.id = %(request)s
"""  # noqa: S608 -- our own names of columns


def recipient_of(outgoing: OutgoingEmail, *, now: datetime) -> Recipient:
    """Return the recipient, with the letter as it was at most a second ago.

    Raises Signature.DoesNotExist if the signature is gone.
    """
    row = _asked_about(outgoing, RECIPIENT, now)
    signature = Signature.from_db(connection.alias, COLUMNS, row[: len(COLUMNS)])
    signature.letter = _signed_letter_in_second(signature.letter_id, int(time.monotonic()))
    own, others = row[len(COLUMNS) : -len(fields(OtherEmails))], row[-len(fields(OtherEmails)) :]
    return Recipient(*[signature, *own, OtherEmails(*others)])


def stranger_of(outgoing: OutgoingEmail, *, now: datetime) -> Stranger:
    """Return the recipient of an email to an address that has not signed, with the letter as above.

    Raises Signature.DoesNotExist if the request is gone.
    """
    letter_id, language, address, *others = _asked_about(outgoing, STRANGER, now)
    return Stranger(_signed_letter_in_second(letter_id, int(time.monotonic())), language, address, OtherEmails(*others))


def _asked_about(outgoing: OutgoingEmail, question: str, now: datetime) -> Any:
    values: dict[str, Any] = {
        "signature": outgoing.signature_id,
        "spelling": outgoing.spelling_hash,
        "outgoing": outgoing.pk,
        "submission": outgoing.submission_id,
        "request": outgoing.request_id,
        "now": now,
        "yesterday": now - A_DAY,
        "just_now": outgoing.created_at - (SAME_REQUEST if outgoing.kind == EmailKind.REQUESTED else SAME_SIGNING),
    }
    row = fetch_row(question, values)
    if row is None:
        raise Signature.DoesNotExist
    return row


@lru_cache(maxsize=256)
def _signed_letter_in_second(letter_id: int, second: int) -> Letter:
    return Letter.objects.select_related("collective").get(pk=letter_id)


def is_needless(outgoing: OutgoingEmail, others: OtherEmails, *, now: datetime) -> bool:
    """Return whether this email would repeat another one that a form caused and that left just before it, or since.

    An email that was postponed for as long as a signature may wait is needless too.
    """
    if outgoing.kind not in OF_FORMS:
        return False
    again = outgoing.put_off_at is not None or outgoing.kind in {EmailKind.SIGNED_AGAIN, EmailKind.REQUESTED}
    is_old = outgoing.put_off_at is not None and now - outgoing.created_at > timedelta(days=settings.CONFIRMATION_DAYS)
    return (again and others.sent_just_now) or others.replaced or is_old


def confirmable_until(signature: Signature, *, since: datetime) -> datetime:
    """Return until when a link from `since` can confirm: never longer than the letter accepts confirmations."""
    letter = signature.letter
    if letter.is_ended:
        return since
    own_end = since + timedelta(days=settings.CONFIRMATION_DAYS)
    return min(own_end, letter.confirmations_end() or own_end)
