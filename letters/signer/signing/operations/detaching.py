"""Detach the emails of a signature that is being emptied: they still count, and their pages still show the same."""

from datetime import datetime
from typing import Any

from letters.base.outbox.pacing import domain_alone
from letters.models import (
    A_DAY,
    ASKED_FOR,
    COMPLAINED,
    LEFT,
    OF_FORMS,
    EmailKind,
    OutgoingEmail,
    Signature,
    kinds_in_sql,
)
from letters.shared.sql import execute

# An email that is kept without its signature is of this kind, which is never sent without one and soon forgotten.
KIND = EmailKind.SIGNED_AGAIN
# This statement keeps what left within a day, for the daily limit of the address, and what waits, for the page "check
# your email". Spam complaints are kept for good, as for an address that has not signed.
#
# Privacy: a stranger who typed the address has that page open. An email that waits for its domain keeps its place, and
# is dropped when its turn comes. Deleted at once, it would tell them that the owner has withdrawn. It keeps the domain,
# which decides how long it waits, and no address.
# Race: an email may leave at this moment, so what is written depends on its row at the end of the wait for it.
DETACH = f"""
WITH kept AS MATERIALIZED (
    SELECT id, created_at, owed, request_id IS NULL AS is_new,
        coalesce(request_id, nextval(pg_get_serial_sequence('letters_mailrequest', 'id'))) AS request_id
    FROM letters_outgoingemail
        CROSS JOIN LATERAL (SELECT sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL AS owed) AS waiting
    WHERE signature_id = %(signature)s AND kind IN ({kinds_in_sql(OF_FORMS)})
        AND (owed AND (kind IN ({kinds_in_sql(ASKED_FOR)}) OR attempts > 0)
            OR greatest(sent_at, failed_at, dropped_at) > %(yesterday)s OR error = '{COMPLAINED}')
), asked AS (
    INSERT INTO letters_mailrequest (id, letter_id, language, address_hash, address, requested_at)
    SELECT request_id, %(letter)s, %(language)s, %(address_hash)s, CASE WHEN owed THEN %(domain_alone)s::bytea END,
        created_at
    FROM kept WHERE is_new
), asked_before AS (
    UPDATE letters_mailrequest AS request SET address = %(domain_alone)s
    FROM kept WHERE request.id = kept.request_id AND NOT is_new AND address IS NOT NULL
)
UPDATE letters_outgoingemail AS mail SET kind = '{KIND.value}', key = '{LEFT}' || mail.id, signature_id = NULL,
    request_id = kept.request_id,
    -- Until another day: the page shows no more of it.
    dropped_at = CASE WHEN put_off_at IS NOT NULL AND sent_at IS NULL AND failed_at IS NULL
        THEN coalesce(dropped_at, %(now)s) ELSE dropped_at END
FROM kept WHERE mail.id = kept.id
"""  # noqa: S608 -- our own statement


def detach_emails(signature: Signature, now: datetime) -> None:
    """Keep the emails that still matter, without the signature. `signature` holds what it was before.

    Abuse: they count in the daily limit of the address for a day. Otherwise a person who signs, withdraws and signs
    again could have any number of emails sent to one address.
    """
    if signature.address_hash is None:
        return
    values: dict[str, Any] = {
        "signature": signature.pk,
        "letter": signature.letter_id,
        "language": signature.language,
        "address_hash": bytes(signature.address_hash),
        "domain_alone": domain_alone(OutgoingEmail.objects.owed().filter(signature_id=signature.pk)),
        "yesterday": now - A_DAY,
        "now": now,
    }
    execute(DETACH, values)
