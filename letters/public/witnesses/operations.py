"""Note what witnesses say about the site's log."""

import logging
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from letters.models import LedgerCheckpoint, Witness
from letters.public.witnesses.asking import Cosigned, Failed, Outcome
from letters.shared.notes import VerifierKey
from letters.shared.sql import execute

log = logging.getLogger(__name__)

# No other worker asks the same witness during this time.
LEASE = timedelta(minutes=2)
# How long after each failed attempt the next one follows; after more of them, as long as after the last.
PAUSES = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1)]
# A refusal is loud, and asking again changes it only if a person has done something.
AFTER_REFUSAL = timedelta(minutes=10)

PLACE = """
INSERT INTO letters_siteplace (letter_id, index)
SELECT log.letter_id, min(entry.index)
FROM letters_sitelogentry entry JOIN letters_ledgerlog log ON log.origin = split_part(entry.data, E'\\n', 1)
WHERE entry.index >= %(first)s AND entry.index < %(end)s AND log.letter_id IS NOT NULL
GROUP BY log.letter_id
ON CONFLICT (letter_id) DO NOTHING
"""


@transaction.atomic
def claim_witness(key: str, newest: LedgerCheckpoint, *, now: datetime) -> Witness | None:
    """Take a witness that has to be asked about the newest checkpoint; None if it has not, or another worker asks."""
    name = VerifierKey.parse(key).name
    Witness.objects.bulk_create([Witness(key=key, name=name, not_before=now)], ignore_conflicts=True)
    due = Witness.objects.filter(key=key, not_before__lte=now)
    witness = due.select_for_update(no_key=True, skip_locked=True).first()
    if witness is None or not _is_wanted(witness, newest, now):
        return None
    witness.not_before = now + LEASE
    witness.save(update_fields=["not_before"])
    return witness


def _is_wanted(witness: Witness, newest: LedgerCheckpoint, now: datetime) -> bool:
    if witness.refusal or witness.cosigned_at is None or witness.text != newest.note.partition("\n\n")[0] + "\n":
        return True
    return _hour_of(witness.cosigned_at) < _hour_of(now)


def _hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def note_outcome(witness: Witness, outcome: Outcome, *, now: datetime) -> None:
    """Note what a witness said, unless another worker has taken over."""
    # Race: only the worker whose claim still holds may write.
    claimed = Witness.objects.filter(pk=witness.pk, not_before=witness.not_before)
    if isinstance(outcome, Cosigned):
        with transaction.atomic():
            # Before the size grows, so that no page calls a letter seen that the witness has not seen.
            first = witness.size if witness.origin == outcome.checkpoint.origin else 0
            execute(PLACE, {"first": first, "end": outcome.checkpoint.size})
            claimed.update(**_cosigned(witness, outcome), not_before=now)
    elif isinstance(outcome, Failed):
        pause = PAUSES[min(witness.failures, len(PAUSES) - 1)]
        since = Coalesce("failing_since", now)
        claimed.update(
            error=outcome.error[:20], failures=F("failures") + 1, failing_since=since, not_before=now + pause
        )
    else:
        refused_at = Coalesce("refused_at", now)
        if claimed.update(refusal=outcome, refused_at=refused_at, **_ANSWERED, not_before=now + AFTER_REFUSAL):
            log.error("The witness %s refuses the log of this site: %s.", witness.name, outcome.label)


_ANSWERED = {"error": "", "failures": 0, "failing_since": None}


def _cosigned(witness: Witness, outcome: Cosigned) -> dict[str, object]:
    checkpoint = outcome.checkpoint
    written: dict[str, object] = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "text": checkpoint.text,
        "line": outcome.line,
        "cosigned_at": outcome.at,
        "refusal": Witness.Refusal.NONE,
        "refused_at": None,
        **_ANSWERED,
    }
    # Performance: pages change at most once an hour. Privacy: they show the first cosignature of each hour, which is
    # asked for when the hour begins. Any other would tell when something happened on a quiet site.
    is_other = witness.origin != checkpoint.origin
    if is_other or witness.shown_at is None or witness.refusal or _hour_of(witness.shown_at) < _hour_of(outcome.at):
        written |= {"shown_at": outcome.at, "shown_size": checkpoint.size}
    return written
