"""Whom an email of signing is for, and whether it may leave now."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection

from letters.models import (
    COMPLAINED,
    MAX_MAILS_A_DAY,
    MAX_PRIVATE_FIRST,
    OF_ORGANIZERS,
    Letter,
    OutgoingEmail,
    Signature,
)

# What a form brings that anybody may send.
ASKED_FOR = [OutgoingEmail.Kind.CONFIRM, OutgoingEmail.Kind.SIGNED_AGAIN, OutgoingEmail.Kind.REQUESTED]


DAY = timedelta(days=1)


# A mail that is asked for again so soon after the last is a double click or a retry: that one is on its way.
# Only an identical entry is one: who has typed something else gets an email of their own.
SAME_SIGNING = timedelta(minutes=5)


SAME_REQUEST = timedelta(minutes=1)


@dataclass(frozen=True)
class Stranger:
    """Whom an email is for that somebody asked for, if the address has not signed the letter."""

    letter: Letter
    language: str
    # What follows is as in Recipient.
    address: bytes | memoryview | None
    full_since: datetime | None
    mailed_just_now: bool
    replaced: bool
    has_complained: bool


@dataclass(frozen=True)
class Recipient:
    """Whom a mail is for, as things stand now."""

    signature: Signature
    # Encrypted, as it is stored; None once it has been forgotten. What was typed, if a form asked for this email, and
    # never another spelling of it.
    address: bytes | memoryview | None
    # What it asks about: the submission that owes it, or else the newest one. None if nothing waits for an answer.
    submission_id: int | None
    submitted_at: datetime | None
    # What its signer had before their eyes when they typed.
    revision_id: int
    language: str
    # The most private choice of the signature and all submissions that wait for an answer.
    display: str
    # An email about an entry with this spelling came back, or was refused for good.
    has_failed: bool
    # When the first of them left, if the address has had all the mails of a day, over all letters. Whether there was
    # one about this submission a moment before this one, or since; and whether a newer one has been put off. All
    # without mails that thank, which answer the owner of the mailbox, and without those of organizers (OF_ORGANIZERS):
    # whoever has an account could use up the day of somebody who wants to confirm, and those say something else.
    full_since: datetime | None
    mailed_just_now: bool
    replaced: bool
    # The owner called an email spam that a form had brought: about this letter, or about any.
    has_complained_here: bool
    has_complained: bool

    def as_stranger(self) -> Stranger:
        """To be written to like somebody who has not signed."""
        return Stranger(
            self.signature.letter,
            self.language,
            self.address,
            self.full_since,
            self.mailed_just_now,
            self.replaced,
            self.has_complained,
        )


# In one round trip, and not by the ORM, which would take longer to put this question than the database to answer it: it
# is asked for each mail. Other mails that were tried before this one and are not settled are under way, here or in
# another worker. Those that came back count too: else a mailbox that does not exist could be written to without end.
COLUMNS = [field.attname for field in Signature._meta.concrete_fields]


NOT_COUNTED = ", ".join(f"'{kind}'" for kind in [OutgoingEmail.Kind.THANKS, *OF_ORGANIZERS])


DISPLAYS = ", ".join(f"'{display}'" for display in MAX_PRIVATE_FIRST)


FULL_SINCE = f"""(array_agg(left_at ORDER BY left_at DESC) FILTER (WHERE left_at > %(yesterday)s))[{MAX_MAILS_A_DAY}]
    AS full_since"""


OTHERS = f"""
SELECT mails.*, owed, under_way, CASE WHEN under_way THEN %(now)s ELSE coalesce(sent_at, failed_at) END AS left_at
FROM (
    SELECT of_signer.*, same.letter_id FROM letters_signature AS same
        JOIN letters_outgoingemail AS of_signer ON of_signer.signature_id = same.id
    WHERE same.address_hash = {{address_hash}}
    UNION ALL
    SELECT of_stranger.*, same.letter_id FROM letters_mailrequest AS same
        JOIN letters_outgoingemail AS of_stranger ON of_stranger.request_id = same.id
    WHERE same.address_hash = {{address_hash}} AND of_stranger.signature_id IS NULL
) AS mails
    CROSS JOIN LATERAL (SELECT sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL AS owed) AS standing
    CROSS JOIN LATERAL (SELECT owed AND attempts > 0 AND mails.id < %(outgoing)s AS under_way) AS moving
WHERE mails.kind NOT IN ({NOT_COUNTED}) AND mails.id <> %(outgoing)s
"""  # noqa: S608 -- our own names of columns


# Privacy: by letter and address, whether there is a signature or not. Otherwise an address that uses up its day, or
# calls an email spam, would from then on get other emails if it has signed.
REPLACED = """count(*) FILTER (WHERE others.letter_id = {letter}
            AND others.spelling_hash IS NOT DISTINCT FROM %(spelling)s::bytea
            AND owed AND put_off_at IS NOT NULL AND others.id > %(outgoing)s) > 0 AS replaced"""


COMPLAINT = f"others.error = '{COMPLAINED}'"


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
    has_failed, full_since, mailed_just_now, replaced, has_complained_here, has_complained
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
        {FULL_SINCE},
        count(*) FILTER (WHERE others.signature_id = signature.id AND failed_at IS NOT NULL
            AND others.spelling_hash = %(spelling)s) > 0 AS has_failed,
        count(*) FILTER (WHERE others.letter_id = signature.letter_id
            AND others.spelling_hash IS NOT DISTINCT FROM %(spelling)s::bytea
            AND (others.submission_id IS NOT DISTINCT FROM %(submission)s::bigint
                OR others.submission_id IS NOT DISTINCT FROM typed.id)
            AND (under_way OR (sent_at IS NOT NULL AND created_at > %(just_now)s))) > 0 AS mailed_just_now,
        {REPLACED.format(letter="signature.letter_id")},
        coalesce(bool_or(others.letter_id = signature.letter_id AND {COMPLAINT}), false) AS has_complained_here,
        coalesce(bool_or({COMPLAINT}), false) AS has_complained
    FROM ({OTHERS.format(address_hash="signature.address_hash")}) AS others
) AS mailed
WHERE signature.id = %(signature)s
"""  # noqa: S608 -- our own names of columns


def recipient_of(outgoing: OutgoingEmail, *, now: datetime) -> Recipient:
    """With the letter as it was within the last second. Raises Signature.DoesNotExist if the signature is gone."""
    row = _asked_about(outgoing, RECIPIENT, now)
    if row is None:
        raise Signature.DoesNotExist
    signature = Signature.from_db(connection.alias, COLUMNS, row[: len(COLUMNS)])
    signature.letter = _signed_letter_in_second(signature.letter_id, int(time.monotonic()))
    return Recipient(signature, *row[len(COLUMNS) :])


STRANGER = f"""
SELECT asked.letter_id, asked.language, asked.address, mailed.*
FROM letters_mailrequest AS asked CROSS JOIN LATERAL (
    SELECT
        {FULL_SINCE},
        count(*) FILTER (WHERE others.letter_id = asked.letter_id AND others.spelling_hash = %(spelling)s
            AND (under_way OR (sent_at IS NOT NULL AND created_at > %(just_now)s))) > 0 AS mailed_just_now,
        {REPLACED.format(letter="asked.letter_id")},
        coalesce(bool_or({COMPLAINT}), false) AS has_complained
    FROM ({OTHERS.format(address_hash="asked.address_hash")}) AS others
) AS mailed
WHERE asked.id = %(request)s
"""  # noqa: S608 -- our own names of columns


def stranger_of(outgoing: OutgoingEmail, *, now: datetime) -> Stranger:
    """With the letter as it was within the last second. Raises Signature.DoesNotExist if the request is gone."""
    row = _asked_about(outgoing, STRANGER, now)
    if row is None:
        raise Signature.DoesNotExist
    return Stranger(_signed_letter_in_second(row[0], int(time.monotonic())), *row[1:])


def _asked_about(outgoing: OutgoingEmail, question: str, now: datetime) -> Any:
    values: dict[str, Any] = {
        "signature": outgoing.signature_id,
        "spelling": outgoing.spelling_hash,
        "outgoing": outgoing.pk,
        "submission": outgoing.submission_id,
        "request": outgoing.request_id,
        "now": now,
        "yesterday": now - DAY,
        "just_now": outgoing.created_at
        - (SAME_REQUEST if outgoing.kind == OutgoingEmail.Kind.REQUESTED else SAME_SIGNING),
    }
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchone()


def is_needless(outgoing: OutgoingEmail, recipient: Recipient | Stranger, *, now: datetime) -> bool:
    """Whether this mail, which a form asked for, would say what another says that left a moment before it, or since.

    So it is too with one that has been put off for as long as a signature may wait.
    """
    if outgoing.kind == OutgoingEmail.Kind.THANKS:
        return False
    again = outgoing.put_off_at is not None or outgoing.kind in {
        OutgoingEmail.Kind.SIGNED_AGAIN,
        OutgoingEmail.Kind.REQUESTED,
    }
    is_old = outgoing.put_off_at is not None and now - outgoing.created_at > timedelta(days=settings.CONFIRMATION_DAYS)
    return (again and recipient.mailed_just_now) or recipient.replaced or is_old


def confirmable_until(signature: Signature, *, since: datetime) -> datetime:
    """When the link in an email stops being good for what was typed then: never later than the letter takes it."""
    letter = signature.letter
    if letter.status == Letter.Status.WITHDRAWN:
        return since
    own_end = since + timedelta(days=settings.CONFIRMATION_DAYS)
    return min(own_end, letter.confirmations_end() or own_end)


def put_off_until(outgoing: OutgoingEmail, recipient: Recipient | Stranger) -> datetime | None:
    """Not before then, if this would be the fourth mail of a day. Never dropped for it: whoever signs three letters
    with somebody's address would keep from them the mail that they want.
    """
    if outgoing.kind == OutgoingEmail.Kind.THANKS or recipient.full_since is None:
        return None
    return recipient.full_since + DAY


@lru_cache(maxsize=256)
def _signed_letter_in_second(letter_id: int, second: int) -> Letter:
    return Letter.objects.select_related("collective").get(pk=letter_id)
