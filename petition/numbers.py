"""The numbers of a running site for the people who operate it: /metrics, and the page "Status" for superusers.

Privacy: what would tell a person who also reads a mail log about one signer is rounded down: numbers to tens, waits to
five minutes or more. Performance: each query reads one partial index, and no more than MOST rows of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import Error as DatabaseError
from django.utils import timezone

from letters.base.outbox.queries import waiting_since
from letters.models import BULK, LetterReview, OutgoingEmail, Report, Signature
from letters.models.signature_conditions import IN_QUEUE
from letters.shared.numbers import in_tens
from petition.health import CACHE_SECONDS, STEP_SECONDS
from petition.remembered import Remembered

MOST = 10_000
LOOKED_AT = 1000
LAG_STEP_SECONDS = 30


@dataclass(frozen=True)
class Numbers:
    """Rounded counts of rows that wait, by what they wait for, and how long the oldest has waited, in seconds."""

    unsent_emails: Mapping[str, int]
    oldest_unsent_email: int
    sequencer_lag: int
    moderation_backlog: Mapping[str, int]


def _look() -> Numbers | None:
    """Return the numbers now; None if the database does not answer."""
    now = timezone.now()
    try:
        owed = OutgoingEmail.objects.owed()
        emails = {"waited_for": owed.exclude(kind__in=BULK), "bulk": owed.filter(kind__in=BULK)}
        backlog = {
            "signatures": Signature.objects.filter(IN_QUEUE),
            "letters": LetterReview.objects.waiting(),
            "reports": Report.objects.filter(outcome="", signature__isnull=True),
        }
        return Numbers(
            unsent_emails={kind: in_tens(rows[:MOST].count()) for kind, rows in emails.items()},
            oldest_unsent_email=_steps(waiting_since(), now, STEP_SECONDS),
            sequencer_lag=_steps(_unnumbered_since(), now, LAG_STEP_SECONDS),
            moderation_backlog={kind: in_tens(rows[:MOST].count()) for kind, rows in backlog.items()},
        )
    except DatabaseError:
        return None


def _unnumbered_since() -> datetime | None:
    """Return since when a confirmed signature has been waiting for its number, among the first of the work list."""
    waiting = Signature.objects.filter(state=Signature.State.CONFIRMED).order_by("letter_id", "confirmed_at")
    return min(filter(None, waiting.values_list("confirmed_at", flat=True)[:LOOKED_AT]), default=None)


def _steps(since: datetime | None, now: datetime, step: int) -> int:
    seconds = max(0.0, (now - since).total_seconds()) if since else 0.0
    return int(seconds // step * step)


recent_numbers = Remembered(_look, seconds=CACHE_SECONDS)
