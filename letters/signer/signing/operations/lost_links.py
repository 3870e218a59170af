"""Create an outgoing email for a person who has lost one."""

from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.outbox.enqueueing import insert_email, key_of
from letters.models import UNANSWERED, EmailKind, Letter
from letters.models.lifecycle import is_in
from letters.shared import wakeups
from letters.shared.addresses import Address, encrypt, hash_address, hash_spelling
from letters.shared.sql import execute

OWE = insert_email(
    EmailKind.REQUESTED,
    signature_id="found.id",
    # The submission of the page that asks; otherwise the newest with this spelling of the address.
    submission_id="""coalesce(%(submission)s::bigint, (SELECT typed.id FROM letters_submission AS typed
        WHERE typed.signature_id = found.id AND typed.spelling_hash = %(spelling)s AND answered_at IS NULL
        ORDER BY submitted_at DESC, typed.id DESC LIMIT 1))""",
    request_id="asked.id",
    spelling_hash="%(spelling)s",
    key=key_of(EmailKind.REQUESTED, "asked.id"),
)
# This statement creates an outgoing email, whether or not the address has signed.
#
# Timing defence: it writes the same rows for every address, so the answer takes equally long. Privacy: an email is sent
# to each, to the address as it was just typed. The address of nameless signers is not stored, and without an email a
# mail log would tell them apart.
REQUEST = f"""
WITH asked AS (
    INSERT INTO letters_mailrequest (letter_id, language, address_hash, address, requested_at)
    VALUES (%(letter)s, %(language)s, %(address_hash)s, %(address)s, %(now)s)
    RETURNING id
), found AS (
    SELECT id FROM letters_signature WHERE letter_id = %(letter)s AND address_hash = %(address_hash)s
        AND NOT {is_in(UNANSWERED)}
)
{OWE}
FROM asked LEFT JOIN found ON true
"""  # noqa: S608 -- our own statement


def request_mail(
    letter: Letter, *, address: Address, language: str, now: datetime, submission_id: int | None = None
) -> None:
    """Create the email that the page "check your email" (`submission_id`) or the form for lost links asks for.

    Privacy: only the email says whether the address has signed.
    """
    values: dict[str, Any] = {
        "letter": letter.pk,
        "language": language,
        "address_hash": hash_address(address.canonical),
        "address": encrypt(address.deliverable),
        "spelling": hash_spelling(address.deliverable),
        "submission": submission_id,
        "now": now,
    }
    execute(REQUEST, values)
    transaction.on_commit(wakeups.notify_mail_worker)
