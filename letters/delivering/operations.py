"""Claiming the mails that are due, and noting how each of them ended."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from letters.delivering.mail import Answer, Verdict
from letters.models import Delivery, DeliveryQuerySet, Switch
from letters.switching.queries import is_on

LONGEST_PAUSE = timedelta(hours=2)
# With the pauses below: given up after about two days of temporary refusals.
MOST_ATTEMPTS = 30


def claim_deliveries(*, now: datetime, most: int) -> list[Delivery]:
    """Up to `most` due deliveries, the oldest first, that no other worker gets for MAIL_LEASE_SECONDS.

    If this worker dies, they are due again when the lease is over. One statement, so nothing is claimed halfway.
    Mail that can wait stays where it is while bulk mail is switched off.
    """
    # MATERIALIZED: as a plain subquery it may be planned inside a loop, run again for each row, and pass its own limit.
    waiting = [] if is_on(Switch.Name.SEND_BULK_MAIL) else [Delivery.Kind.REMINDER.value]
    lease = now + timedelta(seconds=settings.MAIL_LEASE_SECONDS)
    claimed = Delivery.objects.raw(
        """
        WITH due AS MATERIALIZED (
            SELECT id FROM letters_delivery
            WHERE next_attempt_at <= %s AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
                AND kind <> ALL(%s)
            ORDER BY next_attempt_at LIMIT %s FOR UPDATE SKIP LOCKED
        )
        UPDATE letters_delivery AS delivery SET attempts = attempts + 1, next_attempt_at = %s
        FROM due WHERE delivery.id = due.id
        RETURNING delivery.*
        """,
        [now, waiting, most, lease],
    )
    return sorted(claimed, key=lambda delivery: delivery.pk)


def settle_delivery(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """Note what the mail server said."""
    if answer.verdict is Verdict.SENT:
        # It has been sent, whoever holds the claim by now: not saying so would send it again.
        Delivery.objects.owed().filter(pk=delivery.pk).update(sent_at=now, error="")
    elif answer.verdict is Verdict.NEVER or delivery.attempts >= MOST_ATTEMPTS:
        _still_claimed([delivery]).update(failed_at=now, error=answer.error)
    else:
        pause = pause_after(delivery.attempts)
        _still_claimed([delivery]).update(next_attempt_at=now + pause, error=answer.error)


def drop_delivery(delivery: Delivery, *, now: datetime) -> None:
    """Its cause is no longer true: nobody is owed this mail any more."""
    Delivery.objects.owed().filter(pk=delivery.pk).update(dropped_at=now)


def release_deliveries(deliveries: list[Delivery], *, now: datetime) -> None:
    """Give back what was not tried, so that it is due at once and no attempt is counted."""
    if deliveries:
        _still_claimed(deliveries).update(next_attempt_at=now, attempts=F("attempts") - 1)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 15 s, 30 s, 1 min … at most two hours."""
    pause = timedelta(seconds=settings.MAIL_RETRY_SECONDS * 2 ** min(attempts - 1, 20))
    return min(pause, LONGEST_PAUSE)


def _still_claimed(deliveries: list[Delivery]) -> DeliveryQuerySet:
    """Those of one batch that no other worker has taken over: the end of the lease is the claim's mark."""
    mark = deliveries[0].next_attempt_at
    return Delivery.objects.owed().filter(pk__in=[delivery.pk for delivery in deliveries], next_attempt_at=mark)
