"""Find letters whose counters do not match their signatures yet.

Performance: each statement reads a bounded number of rows of each letter, however many signatures wait. The sequencer
runs one of them while it has locked the letter.
"""

from datetime import datetime

from letters.base.ledger.operations import COUNTS_EVERY
from letters.models import CONFIRMED_OR_SEALED, COUNTED, Letter, State, Transition
from letters.models.lifecycle import is_in
from letters.shared.sql import fetch_one

# A small index holds only signatures under way.
WAITING = """
(SELECT count(*) FROM (
    SELECT FROM letters_signature WHERE letter_id = {letter} AND {of_state} AND NOT EXISTS (
        SELECT FROM letters_letter WHERE id = {letter} AND names_from IS NOT NULL AND named_at IS NULL
    ) LIMIT %(most)s
) AS waiting)
"""


def _waiting(letter: str, state: State) -> str:
    return WAITING.format(letter=letter, of_state=is_in([state]))


AWAITING = f"SELECT {_waiting('%(letter)s', State.PENDING)}, {_waiting('%(letter)s', State.HELD)}"
# Privacy: without a public name, they wait for a batch (batching.py). Until its moment is noted, the letter is behind.
SIGNATURES = "EXISTS (SELECT FROM letters_signature WHERE letter_id = letter.id AND"
BEHIND = f"""
SELECT letter.id FROM letters_letter AS letter
WHERE letter.awaiting_confirmation <> {_waiting("letter.id", State.PENDING)}
   OR letter.awaiting_review <> {_waiting("letter.id", State.HELD)}
   OR letter.batch_due_at <= %(now)s
   OR {SIGNATURES} {Transition.NUMBER.came_from()} AND (display = 'public' OR letter.batch_due_at IS NULL))
   OR {SIGNATURES} to_score AND {is_in(CONFIRMED_OR_SEALED)})
   OR {SIGNATURES} counted AND NOT {is_in([COUNTED])} AND (display = 'public' OR letter.batch_due_at IS NULL))
   OR {SIGNATURES} NOT counted AND {is_in([COUNTED])} AND (display = 'public' OR letter.batch_due_at IS NULL))
   OR EXISTS (SELECT FROM letters_revision WHERE letter_id = letter.id AND signature_count IS NULL)
   OR EXISTS (
        SELECT FROM letters_ledger AS ledger WHERE ledger.letter_id = letter.id AND (
            ledger.recorded < letter.last_number AND NOT ledger.is_existing
            OR ledger.owes_counts AND ledger.recorded = letter.last_number
                AND coalesce(ledger.counts_at <= %(counts_before)s, true)
            OR EXISTS (
                SELECT FROM letters_owedentry AS owed JOIN letters_signature AS about ON about.id = owed.signature_id
                WHERE owed.letter_id = letter.id AND about.number <= ledger.recorded
                    AND (about.display = 'public' OR owed.kind = 'carry' OR letter.batch_due_at IS NULL)
            )
        )
    )
"""  # noqa: S608 -- our own statement


def awaiting(letter_id: int) -> tuple[int, int]:
    """Return how many signatures wait for confirmation, and how many for a moderator, up to MAX_AWAITING.

    Privacy: for a letter that names nobody yet, none. Its pages show one number, which is counted once a day.
    """
    confirmation, review = fetch_one(AWAITING, {"letter": letter_id, "most": Letter.MAX_AWAITING})
    return int(confirmation), int(review)


def letters_behind(*, now: datetime) -> list[int]:
    """Return the ids of letters whose counters or ledgers do not match their signatures yet, though they should."""
    values = {"most": Letter.MAX_AWAITING, "counts_before": now - COUNTS_EVERY, "now": now}
    return [letter.pk for letter in Letter.objects.raw(BEHIND, values)]
