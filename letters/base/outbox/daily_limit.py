"""MAX_EMAILS_A_DAY to an address within a day, over all letters: the one place that counts, and says what follows.

Which emails count, and what becomes of one too many, is in the table of kinds (letters/models/email_kinds.py).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from letters.base.outbox.built import Drop, DropReason, Wait
from letters.models import (
    A_DAY,
    EMAIL_KINDS,
    MAX_EMAILS_A_DAY,
    EmailKind,
    OutgoingEmail,
    Signature,
    WhenFull,
    counted_for,
    kinds_in_sql,
)

# SQL, of the rows below: when the first of them left, if the address has had all the emails of a day.
FULL_SINCE = f"""(array_agg(left_at ORDER BY left_at DESC) FILTER (WHERE left_at > %(yesterday)s))[{MAX_EMAILS_A_DAY}]
    AS full_since"""


def other_emails(address_hash: str, kinds: Iterable[EmailKind]) -> str:
    """SQL: the other emails of these kinds to an address, of signers and of strangers, with `letter_id`, whether each
    is `owed` or `under_way`, and when it left (`left_at`).

    Those that were tried before this one and are not settled are under way, here or in another worker. Those that came
    back count too: else a mailbox that does not exist could be written to without end. `address_hash` is an expression.
    The statement has the parameters `outgoing` (the id of this one) and `now`; FULL_SINCE has `yesterday`.
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
    CROSS JOIN LATERAL (SELECT sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL AS owed) AS standing
    CROSS JOIN LATERAL (SELECT owed AND attempts > 0 AND mails.id < %(outgoing)s AS under_way) AS moving
WHERE mails.kind IN ({kinds_in_sql(kinds)}) AND mails.id <> %(outgoing)s
"""  # noqa: S608 -- our own names of columns


def full_since(outgoing: OutgoingEmail, signature: Signature, *, now: datetime) -> datetime | None:
    """When the first of them left, if the address of this signature has had all the emails of a day."""
    if signature.address_hash is None:
        return None
    others = other_emails("%(address_hash)s", counted_for(outgoing.kind))
    values: dict[str, Any] = {
        "address_hash": bytes(signature.address_hash),
        "outgoing": outgoing.pk,
        "now": now,
        "yesterday": now - A_DAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {FULL_SINCE} FROM ({others}) AS others", values)  # noqa: S608 -- as above
        since: datetime | None = cursor.fetchone()[0]
    return since


def instead_of_one_too_many(outgoing: OutgoingEmail, since: datetime | None) -> Wait | Drop | None:
    """What happens to the email if its address has had all the emails of a day `since` then. None if it may leave."""
    when_full = EMAIL_KINDS[EmailKind(outgoing.kind)].when_full
    if since is None or when_full is WhenFull.SEND:
        return None
    return Drop(DropReason.ENOUGH_TODAY) if when_full is WhenFull.DROP else Wait(since + A_DAY)
