"""Remind people to confirm."""

from datetime import datetime, timedelta
from itertools import pairwise

from django.conf import settings
from django.db import connection, transaction

from letters.base.outbox.enqueueing import insert_email, key_of
from letters.models import ACTIVE, EmailKind, State
from letters.models.lifecycle import is_in
from letters.shared import wakeups

OWE = insert_email(
    EmailKind.REMINDER,
    signature_id="signature.id",
    submission_id="typed.id",
    spelling_hash="typed.spelling_hash",
    key=key_of(EmailKind.REMINDER, "signature.id", "floor(extract(epoch FROM since))::bigint", "%(hours)s"),
)
# One reminder of the newest submission for each pause in REMINDER_HOURS, unless an email to that spelling failed. If
# the clock was stopped and several are due at once, only the last is owed.
#
# Privacy: a submission for a confirmed signature brings reminders too, answered or not. Otherwise a person who reads
# the log of a mail server could type an address, wait for a day, and see that it has signed. Spam complaints are looked
# up by the address, when the email is built, and so is the state of the letter: an organizer who closes it for an hour
# must not see in the log whose address was deleted meanwhile. A bounce counts if it came after the submission.
REMIND = f"""
WITH typed AS (
    SELECT signature_id, id, spelling_hash, submitted_at AS since FROM letters_submission AS one
    WHERE submitted_at <= %(since)s AND submitted_at > %(before)s AND NOT EXISTS (
        SELECT FROM letters_submission AS newer WHERE newer.signature_id = one.signature_id
            AND (newer.submitted_at, newer.id) > (one.submitted_at, one.id))
    UNION ALL
    SELECT id, NULL, NULL, signed_at FROM letters_signature AS untyped
    WHERE {is_in([State.PENDING])} AND concern <> 'complained' AND signed_at <= %(since)s AND signed_at > %(before)s
        AND NOT EXISTS (SELECT FROM letters_submission WHERE signature_id = untyped.id)
)
{OWE}
FROM typed JOIN letters_signature AS signature ON signature.id = typed.signature_id
WHERE {is_in(ACTIVE)}
    -- A spelling that bounces must not end the reminders to another, so the submission decides, if there is one.
    AND (concern <> 'bounced' OR typed.id IS NOT NULL)
    AND NOT EXISTS (SELECT FROM letters_outgoingemail AS failed WHERE failed.signature_id = signature.id
        AND failed.spelling_hash = typed.spelling_hash AND failed.failed_at IS NOT NULL AND failed.created_at >= since)
    -- Whatever its key.
    AND NOT EXISTS (SELECT FROM letters_outgoingemail AS mail WHERE mail.signature_id = signature.id
        AND mail.kind = '{EmailKind.REMINDER}' AND mail.created_at >= since + %(hours)s * interval '1 hour')
ON CONFLICT (key) DO NOTHING
"""  # noqa: S608 -- our own statement


def remind_unconfirmed(*, now: datetime) -> int:
    """Create reminders of submissions that have waited long enough and can still be confirmed. Return how many."""
    owed = 0
    pauses = [*sorted(settings.REMINDER_HOURS), settings.CONFIRMATION_DAYS * 24]
    with connection.cursor() as cursor:
        for hours, next_hours in pairwise(pauses):
            since, before = now - timedelta(hours=hours), now - timedelta(hours=next_hours)
            cursor.execute(REMIND, {"hours": hours, "now": now, "since": since, "before": before})
            owed += cursor.rowcount
    if owed:
        transaction.on_commit(wakeups.notify_bulk_mail_worker)
    return owed
