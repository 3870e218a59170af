"""Rebuild the hourly counts and tallies from the signatures, and ask for reminders."""

from datetime import datetime, timedelta

from django.db import transaction

from letters.base.changes.operations import change_letter, change_letter_unasked
from letters.models import GONE, WRITING, Letter, LetterHour, LetterTally, Signature, User
from letters.shared.refused import Refused
from letters.shared.sql import execute

# The time at which a signature was taken out is stored only in these hours, so they stay. Missing ones are added to the
# current hour, so that the sum equals the counter.
HOURS = """
WITH found AS (
    SELECT date_bin('15 minutes', published_at, 'epoch') AS hour, count(*) AS published
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
SELECT letter.id, date_bin('15 minutes', %(now)s::timestamptz, 'epoch'), 0,
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
    """Rebuild the hours and tallies of a letter. Reads all its signatures, while the sequencer waits."""
    change = change_letter_unasked(letter, by=None, now=now)
    LetterTally.objects.filter(letter=letter).exclude(kind="via", value__gt="").delete()
    for statement in (HOURS, LACKING, COUNT):
        execute(statement, {"letter": letter.pk, "now": now})
    LetterHour.objects.filter(letter=letter, published=0, taken_out=0).delete()
    change.record("retally_letter", letter)


def forget_vias() -> int:
    """Delete the host that led the signer here from signatures that were taken out before they got a number.

    These hosts are in no tally."""
    return Signature.objects.filter(state__in=GONE).exclude(via="").update(via="")


# Organizers can ask for reminders this often.
ASKED_ONCE_IN = timedelta(days=1)


@transaction.atomic
def ask_to_remind(letter: Letter, *, by: User, now: datetime) -> None:
    """Ask for one more email to every address that was typed lately. The next run of the clock does it.

    Privacy: neither the answer nor the record depends on how many there are, or on who has confirmed. Idempotent
    within a day. Raises Refused if nobody can confirm any more.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if refusal := letter.confirmation_refusal(now):
        raise Refused(refusal)
    if letter.reminder_asked_at and letter.reminder_asked_at > now - ASKED_ONCE_IN:
        return
    change.update_unseen(reminder_asked_at=now)
    change.record("resend_confirmations", letter)
