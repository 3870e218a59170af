"""Rebuild the hourly counts and tallies from the signatures."""

from datetime import datetime

from django.db import connection, transaction

from letters.base.changes.operations import change_letter_unasked
from letters.models import GONE, Letter, LetterHour, LetterTally, Signature

# The time at which a signature was taken out is stored only in these hours, so they stay. Missing ones are added to the
# current hour, so that the sum equals the counter.
HOURS = """
WITH found AS (
    SELECT date_trunc('hour', published_at, 'UTC') AS hour, count(*) AS published
    FROM letters_signature WHERE letter_id = %(letter)s AND number IS NOT NULL GROUP BY 1
), kept AS (
    UPDATE letters_letterhour AS noted SET published = coalesce(
        (SELECT published FROM found WHERE found.hour = noted.hour), 0
    ) WHERE letter_id = %(letter)s
)
INSERT INTO letters_letterhour (letter_id, hour, published, taken_out)
SELECT %(letter)s, hour, published, 0 FROM found
WHERE hour NOT IN (SELECT hour FROM letters_letterhour WHERE letter_id = %(letter)s)
"""

LACKING = """
INSERT INTO letters_letterhour AS noted (letter_id, hour, published, taken_out)
SELECT letter.id, date_trunc('hour', %(now)s::timestamptz, 'UTC'), 0,
    letter.withdrawn_count + letter.removed_count - coalesce(
        (SELECT sum(taken_out) FROM letters_letterhour WHERE letter_id = letter.id), 0)
FROM letters_letter AS letter WHERE letter.id = %(letter)s
ON CONFLICT (letter_id, hour) DO UPDATE SET taken_out = noted.taken_out + excluded.taken_out
"""

# How signers arrived is stored only in the tallies, so these stay. Missing ones count as unknown.
COUNT = """
INSERT INTO letters_lettertally (letter_id, kind, value, number)
SELECT %(letter)s, kind, value, count(*)
FROM letters_signature CROSS JOIN LATERAL (VALUES ('language', language), ('country', country)) AS noted (kind, said)
CROSS JOIN LATERAL (SELECT CASE WHEN display = 'nobody' THEN '' ELSE said END AS value) AS known
WHERE letter_id = %(letter)s AND number IS NOT NULL GROUP BY kind, value
UNION ALL
SELECT letter.id, 'via', '', letter.last_number - known.number
FROM letters_letter AS letter CROSS JOIN (
    SELECT coalesce(sum(number), 0) AS number FROM letters_lettertally WHERE letter_id = %(letter)s AND kind = 'via'
) AS known
WHERE letter.id = %(letter)s AND letter.last_number > known.number
"""


@transaction.atomic
def retally_letter(letter: Letter, *, now: datetime) -> None:
    """Rebuild the hours and tallies of a letter. Reads all its signatures; the sequencer waits meanwhile."""
    change = change_letter_unasked(letter, by=None, now=now)
    LetterTally.objects.filter(letter=letter).exclude(kind="via", value__gt="").delete()
    with connection.cursor() as cursor:
        for statement in (HOURS, LACKING, COUNT):
            cursor.execute(statement, {"letter": letter.pk, "now": now})
    LetterHour.objects.filter(letter=letter, published=0, taken_out=0).delete()
    change.record("retally_letter", letter)


def forget_vias() -> int:
    """Delete how signers arrived from signatures that were taken out before they got a number: they are in no tally."""
    return Signature.objects.filter(state__in=GONE).exclude(via="").update(via="")
