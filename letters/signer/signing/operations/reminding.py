"""Remind people to confirm."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import transaction

from letters.base.outbox.enqueueing import NOW, insert_email, key_of
from letters.models import ACTIVE, EmailKind, Letter, State
from letters.models.lifecycle import is_in
from letters.shared import wakeups
from letters.shared.sql import execute

OWE = insert_email(
    EmailKind.REMINDER,
    signature_id="signature.id",
    submission_id="typed.id",
    spelling_hash="typed.spelling_hash",
    key=key_of(EmailKind.REMINDER, "signature.id", "floor(extract(epoch FROM since))::bigint", "%(hours)s"),
    # Privacy: emails leave in the order in which the forms were sent, which their sender knows. The order of the
    # rows of signatures would tell which addresses had signed before.
    next_attempt_at=f"{NOW} - row_number() OVER (ORDER BY since DESC, typed.id DESC) * interval '1 microsecond'",
)
# One reminder of the newest submission for each pause in REMINDER_HOURS, unless an email to that spelling failed. If
# the clock was stopped and several are due at once, only the last is sent.
#
# Privacy: a submission for a confirmed signature brings reminders too, answered or not, and so does one for a signature
# that a moderator removed. Otherwise a person who reads the log of a mail server could type an address, wait for a day,
# and see that it has signed. Spam complaints are looked up by the address, when the email is built, and so is the state
# of the letter: an organizer who closes it for an hour must not see in the log whose address was deleted since. A
# bounce counts if it came after the submission.
TYPED = f"""
    SELECT signature_id, id, spelling_hash, submitted_at AS since FROM letters_submission AS one
    WHERE submitted_at <= %(since)s AND submitted_at > %(before)s AND NOT EXISTS (
        SELECT FROM letters_submission AS newer WHERE newer.signature_id = one.signature_id
            AND (newer.submitted_at, newer.id) > (one.submitted_at, one.id))
    UNION ALL
    SELECT id, NULL, NULL, signed_at FROM letters_signature AS untyped
    WHERE {is_in([State.PENDING])} AND concern <> 'complained' AND signed_at <= %(since)s AND signed_at > %(before)s
        AND NOT EXISTS (SELECT FROM letters_submission WHERE signature_id = untyped.id)
"""  # noqa: S608 -- our own statement
REACHABLE = f"""{is_in([*ACTIVE, State.REJECTED])}
    -- A spelling that bounces must not end the reminders to another, so the submission decides, if there is one.
    AND (concern <> 'bounced' OR typed.id IS NOT NULL)
    AND NOT EXISTS (SELECT FROM letters_outgoingemail AS failed WHERE failed.signature_id = signature.id
        AND failed.spelling_hash = typed.spelling_hash AND failed.failed_at IS NOT NULL AND failed.created_at >= since)
"""
REMIND = f"""
WITH typed AS ({TYPED})
{OWE}
FROM typed JOIN letters_signature AS signature ON signature.id = typed.signature_id
WHERE {REACHABLE}
    -- Whatever its key.
    AND NOT EXISTS (SELECT FROM letters_outgoingemail AS mail WHERE mail.signature_id = signature.id
        AND mail.kind = '{EmailKind.REMINDER}' AND mail.created_at >= since + %(hours)s * interval '1 hour')
ORDER BY since, typed.id
ON CONFLICT (key) DO NOTHING
"""
# One more reminder, because the organizers of a letter asked for it. Privacy: it goes to the same addresses as the
# others, signed or not, and only while those of people who had signed before are still there. The emails leave in a
# random order within SPREAD.
OWE_ASKED = insert_email(
    EmailKind.REMINDER,
    signature_id="signature.id",
    submission_id="typed.id",
    spelling_hash="typed.spelling_hash",
    key=key_of("reminder_asked", "signature.id", "%(asked)s"),
    next_attempt_at=f"{NOW} + random() * %(spread)s::interval",
)
REMIND_ASKED = f"""
WITH typed AS ({TYPED})
{OWE_ASKED}
FROM typed JOIN letters_signature AS signature ON signature.id = typed.signature_id
WHERE {REACHABLE} AND signature.letter_id = %(letter)s
ON CONFLICT (key) DO NOTHING
"""
SPREAD = timedelta(hours=1)
# The last moment to carry out what organizers asked for, if the clock was stopped.
ASKED_WITHIN = timedelta(hours=6)


def remind_unconfirmed(*, now: datetime) -> int:
    """Create reminders of submissions that have waited long enough and can still be confirmed. Return how many."""
    owed = 0
    pauses = [*sorted(settings.REMINDER_HOURS), settings.CONFIRMATION_DAYS * 24]
    for hours, next_hours in pairwise(pauses):
        since, before = now - timedelta(hours=hours), now - timedelta(hours=next_hours)
        owed += execute(REMIND, {"hours": hours, "now": now, "since": since, "before": before})
    if owed:
        transaction.on_commit(wakeups.notify_bulk_mail_worker)
    return owed


def remind_asked(*, now: datetime) -> int:
    """Create the reminders that organizers asked for. Return how many. Idempotent for each time they ask.

    People who typed an address within the last hour have just got an email.
    """
    owed, last_reminder = 0, timedelta(hours=max(settings.REMINDER_HOURS, default=0))
    asked = Letter.objects.filter(reminder_asked_at__gt=now - ASKED_WITHIN, reminder_asked_at__lte=now)
    for letter_id, moment in asked.values_list("pk", "reminder_asked_at"):
        values: dict[str, Any] = {
            "letter": letter_id,
            "now": now,
            "asked": str(int(moment.timestamp())) if moment else "",
            "spread": SPREAD,
            "since": (moment or now) - timedelta(hours=1),
            "before": now - last_reminder + 2 * SPREAD,
        }
        owed += execute(REMIND_ASKED, values)
    if owed:
        transaction.on_commit(wakeups.notify_bulk_mail_worker)
    return owed
