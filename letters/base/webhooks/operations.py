"""Write the messages that webhooks are owed, in the transaction of their cause. A worker sends them later.

Privacy: there is a message about a signature only while everyone can read its name on the public list. The coming and
going of all others is told by nothing but the count, and that only in the steps of COUNTS (docs/threat-model.md).
"""

from collections.abc import Sequence
from datetime import datetime

from letters.models import COUNTED, Letter
from letters.models.lifecycle import is_in
from letters.shared.sql import execute

# A count is told when it reaches one of these, or the letter's goal.
COUNTS = [each * 10**power for power in range(1, 7) for each in (1, 5)]
# Full disk: an address that does not answer for hours gets no more than this. The list as JSON has everything.
MAX_OWED = 10_000

# Performance: without a webhook this reads one row of an index.
OWE = f"""
WITH hook AS MATERIALIZED (
    SELECT hook.id FROM letters_webhook AS hook
    WHERE hook.collective_id = %(collective)s AND hook.off = '' AND (
        SELECT count(*) FROM (
            SELECT FROM letters_webhookdelivery AS waiting
            WHERE waiting.webhook_id = hook.id AND waiting.delivered_at IS NULL AND waiting.failed_at IS NULL
                AND waiting.dropped_at IS NULL
            LIMIT %(most)s
        ) AS few
    ) < %(most)s
), event AS (
    SELECT 'published' AS kind, number FROM letters_signature
    WHERE EXISTS (SELECT FROM hook) AND letter_id = %(letter)s AND {is_in([COUNTED])} AND display = 'public'
        AND (number > %(above)s AND number <= %(up_to)s OR id = ANY(%(ids)s::bigint[]))
    UNION ALL SELECT 'withdrawn', unnest(%(gone)s::int[])
    UNION ALL SELECT 'count', unnest(%(counts)s::int[])
)
INSERT INTO letters_webhookdelivery
    (webhook_id, kind, letter_id, number, message_id, created_at, next_attempt_at, attempts, error)
SELECT hook.id, event.kind, %(letter)s, event.number, 'msg_' || replace(gen_random_uuid()::text, '-', ''),
    %(now)s, %(now)s, 0, ''
FROM hook, event ORDER BY event.number
ON CONFLICT DO NOTHING
"""  # noqa: S608 -- our own statement


def owe_numbered(
    letter: Letter, *, numbered: int, back: Sequence[int], gone: Sequence[int], count: int, now: datetime
) -> None:
    """Owe messages about what the sequencer did: `letter` is as it was before.

    These are about the newly numbered signatures, those that are counted again (`back`, by their ids), those with a
    public name that left (`gone`, by their numbers), and what the new count reaches.
    """
    counts = sorted(each for each in {*COUNTS, letter.goal or 0} if letter.signature_count < each <= count)
    _owe(letter, now, up_to=letter.last_number + numbered, ids=back, gone=gone, counts=counts)


def owe_hidden(letter: Letter, number: int, *, now: datetime) -> None:
    """Owe messages about a signer who does not show their name any more, so that receivers forget it."""
    _owe(letter, now, up_to=letter.last_number, gone=[number])


def owe_changed(letter: Letter, ids: Sequence[int], *, now: datetime) -> None:
    """Owe messages about signatures that show other words, or now show a name. Others among them are passed over."""
    if ids:
        _owe(letter, now, up_to=letter.last_number, ids=ids)


def _owe(
    letter: Letter,
    now: datetime,
    *,
    up_to: int,
    ids: Sequence[int] = (),
    gone: Sequence[int] = (),
    counts: Sequence[int] = (),
) -> None:
    # Samples are invented, so no program is told of them.
    if letter.is_sample:
        return
    numbers = {"above": letter.last_number, "up_to": up_to, "ids": [*ids], "gone": [*gone], "counts": [*counts]}
    about = {"letter": letter.pk, "collective": letter.collective_id, "now": now, "most": MAX_OWED}
    execute(OWE, {**numbers, **about})
