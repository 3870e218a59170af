"""The limit of MAX_EMAILS_A_DAY to an address within a day, over all letters. Emails are counted only here.

The table of kinds (letters/models/email_kinds.py) says which emails count, and what happens to one above the limit.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from letters.base.outbox.built import Drop, DropReason, Wait
from letters.models import (
    A_DAY,
    EMAIL_KINDS,
    LEFT,
    MAX_EMAILS_A_DAY,
    EmailKind,
    OutgoingEmail,
    Signature,
    WhenFull,
    counted_for,
    kinds_in_sql,
)
from letters.shared.sql import fetch_one

# SQL over the rows of `other_emails`: when the oldest of the last MAX_EMAILS_A_DAY emails was sent, if all were sent
# within a day.
FULL_SINCE = f"""(array_agg(left_at ORDER BY left_at DESC) FILTER (WHERE left_at > %(yesterday)s))[{MAX_EMAILS_A_DAY}]
    AS full_since"""


def other_emails(address_hash: str, kinds: Iterable[EmailKind]) -> str:
    """Return SQL for the other emails of these kinds to an address, with `letter_id`, `owed`, `under_way` and
    `left_at`.

    An email is under way if it was attempted before this one and is not settled, here or in another worker. One whose
    signature is gone is not: it never leaves, and must not take the place of one that does. Abuse: bounced emails count
    too, because otherwise a mailbox that does not exist could be written to without end.
    `address_hash` is an SQL expression. The statement has the parameters `outgoing` (this email's id) and `now`;
    FULL_SINCE needs `yesterday`.
    """
    return f"""
SELECT mails.*, owed, under_way, CASE WHEN under_way THEN %(now)s ELSE coalesce(sent_at, failed_at) END AS left_at
FROM (
    SELECT of_signer.*, same.letter_id FROM letters_signature AS same
        JOIN letters_outgoingemail AS of_signer ON of_signer.signature_id = same.id
    WHERE same.address_hash = {address_hash}
    UNION ALL
    SELECT of_stranger.*, same.letter_id FROM letters_mailrequest AS same
        JOIN letters_outgoingemail AS of_stranger ON of_stranger.request_id = same.id
    WHERE same.address_hash = {address_hash} AND of_stranger.signature_id IS NULL
) AS mails
    CROSS JOIN LATERAL (SELECT sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL AS owed) AS waiting
    CROSS JOIN LATERAL (
        SELECT owed AND attempts > 0 AND mails.id < %(outgoing)s AND NOT starts_with(key, '{LEFT}') AS under_way
    ) AS moving
WHERE mails.kind IN ({kinds_in_sql(kinds)}) AND mails.id <> %(outgoing)s
"""  # noqa: S608 -- our own names of columns


def full_since(outgoing: OutgoingEmail, signature: Signature, *, now: datetime) -> datetime | None:
    """Return when the limit was used up, counted from its oldest email, if the signature's address is at the limit."""
    return None if signature.address_hash is None else full_since_of(outgoing, signature.address_hash, now=now)


def full_since_of(outgoing: OutgoingEmail, address_hash: bytes | memoryview, *, now: datetime) -> datetime | None:
    """Return the same for an address, whether or not it has signed."""
    others = other_emails("%(address_hash)s", counted_for(outgoing.kind))
    values: dict[str, Any] = {
        "address_hash": bytes(address_hash),
        "outgoing": outgoing.pk,
        "now": now,
        "yesterday": now - A_DAY,
    }
    since: datetime | None
    (since,) = fetch_one(f"SELECT {FULL_SINCE} FROM ({others}) AS others", values)  # noqa: S608 -- as above
    return since


def instead_of_one_too_many(outgoing: OutgoingEmail, since: datetime | None) -> Wait | Drop | None:
    """Return what happens to an email whose address has been at the limit since this moment; None if it may be sent."""
    when_full = EMAIL_KINDS[EmailKind(outgoing.kind)].when_full
    if since is None or when_full is WhenFull.SEND:
        return None
    return Drop(DropReason.ENOUGH_TODAY) if when_full is WhenFull.DROP else Wait(since + A_DAY)
