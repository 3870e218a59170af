"""Turn an update into outgoing emails, drop those of a stopped update, and count them. A worker calls this."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q

from letters.base.outbox.enqueueing import BY_LOT, insert_email, key_of
from letters.models import (
    AGREED_SINCE_MOVE,
    COUNTED,
    EmailKind,
    OutgoingEmail,
    Update,
)
from letters.models.lifecycle import is_in
from letters.shared import wakeups
from letters.shared.sql import execute, fetch_one

State = Update.State

# Signatures handled in one transaction. Pausing or stopping the update waits for it to end.
SPREAD_BATCH_SIZE = 2000


# This statement creates emails to the signers who agreed, from the next batch of signatures. Race: the sequencer gives
# numbers in the order of commits, so no signature can appear behind the cursor. The unique key and the cursor each
# prevent a second email.
OWE = insert_email(
    EmailKind.UPDATE,
    signature_id="passed.id",
    update_id="%(update)s",
    key=key_of(EmailKind.UPDATE, "%(update)s", "passed.id"),
)
SPREAD = f"""
WITH passed AS MATERIALIZED (
    SELECT id, number, state, concern FROM letters_signature
    WHERE letter_id = %(letter)s AND number > %(cursor)s AND number <= %(up_to)s
    ORDER BY number LIMIT %(most)s
), owed AS (
    {OWE}
    FROM passed JOIN letters_signercontact AS contact ON contact.signature_id = passed.id
    JOIN letters_letter AS letter ON letter.id = %(letter)s
    WHERE {is_in([COUNTED], "passed.state")}
        AND passed.concern NOT IN ('bounced', 'complained') AND contact.consent <> ''
        AND {AGREED_SINCE_MOVE}
    ORDER BY {BY_LOT}
    ON CONFLICT (key) DO NOTHING
    RETURNING 1
)
SELECT coalesce((SELECT max(number) FROM passed), %(up_to)s), (SELECT count(*) FROM owed)
"""  # noqa: S608 -- our own statement


@transaction.atomic
def spread_update(update_id: int, *, now: datetime) -> bool:
    """Create the outgoing emails for the next batch of signers who agreed. Returns True if there may be more.

    The emails and the cursor are written in one transaction: a worker that dies loses none and repeats none.
    """
    spreading = Update.objects.filter(pk=update_id, state=State.SENDING, spread_at=None)
    update = spreading.select_for_update(no_key=True, skip_locked=True).first()
    if update is None:
        return False
    bounds = {"letter": update.letter_id, "cursor": update.cursor, "up_to": update.up_to, "most": SPREAD_BATCH_SIZE}
    reached, owed = fetch_one(SPREAD, {**bounds, "update": update_id, "now": now})
    is_done = reached >= update.up_to
    spreading.update(cursor=reached, recipients_total=F("recipients_total") + owed, spread_at=now if is_done else None)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)
    return not is_done


DROP_BATCH_SIZE = 5000

# Race: skip emails that a worker has claimed, because such an email may be on its way.
DROP = """
UPDATE letters_outgoingemail SET dropped_at = %(now)s WHERE id IN (
    SELECT id FROM letters_outgoingemail
    WHERE update_id = %(update)s AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
        AND (next_attempt_at <= %(now)s OR error <> '')
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
"""


def drop_owed(update_id: int, *, now: datetime) -> bool:
    """Drop the emails of a stopped update. Returns True if there may be more to drop."""
    if not Update.objects.filter(pk=update_id, state=State.STOPPED).exists():
        return False
    return execute(DROP, {"update": update_id, "now": now, "most": DROP_BATCH_SIZE}) == DROP_BATCH_SIZE


# Emails that may be counted for each second between two counts.
COUNTED_A_SECOND = 20_000


@transaction.atomic
def tally_update(update_id: int, *, now: datetime) -> None:
    """Count the emails by state, and note the end when nothing is left to send."""
    update = Update.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=update_id).first()
    if update is None or (update.tallied_at and now - update.tallied_at < _count_lifetime(update)):
        return
    mails = OutgoingEmail.objects.filter(update_id=update_id)
    counts = mails.aggregate(
        owed_count=Count("pk", filter=Q(sent_at=None, failed_at=None, dropped_at=None)),
        sent_count=Count("pk", filter=Q(sent_at__isnull=False)),
        failed_count=Count("pk", filter=Q(failed_at__isnull=False)),
    )
    changes: dict[str, Any] = {**counts, "tallied_at": now}
    if not counts["owed_count"] and update.spread_at and update.state == State.SENDING:
        changes |= {"state": State.SENT, "ended_at": now}
    elif not counts["owed_count"] and update.state == State.STOPPED:
        changes |= {"ended_at": now}
    Update.objects.filter(pk=update_id).update(**changes)


def _count_lifetime(update: Update) -> timedelta:
    """Return how long a count stays valid. Counting a million emails at every sweep would cost too much."""
    return timedelta(seconds=update.recipients_total // COUNTED_A_SECOND)
