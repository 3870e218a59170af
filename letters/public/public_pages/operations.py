"""The sequencer: the only code that gives sequence numbers and moves a letter's counts."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db import transaction
from django.db.models import F

from letters.base.batches.queries import size_of
from letters.base.ledger import entries
from letters.base.ledger.operations import Steps, record_steps
from letters.base.switches.queries import is_on
from letters.base.webhooks.operations import owe_numbered
from letters.models import COUNTED, Letter, Revision, State, Switch, Transition
from letters.models.lifecycle import is_in
from letters.public.public_pages import batching, behind
from letters.shared.sql import execute, fetch_rows

# How many signatures one transaction numbers. More would lock the letter's row for too long.
MAX_BATCH_SIZE = 5000

# Race: claim signatures by state, never by id or time. Ids and times do not become visible in the order in which they
# are given, so a signature that commits late would be skipped forever.
# Race: lock first, then number, so that a signature that is withdrawn at the same moment leaves no gap.
# Privacy: without a public name, only in a batch, and there in an order that nobody can foresee (batching.py).
NUMBER = f"""
WITH claimed AS MATERIALIZED (
    SELECT id, confirmed_at, via, CASE WHEN %(is_mixed)s AND display <> 'public' THEN gen_random_uuid() END AS lot
    FROM letters_signature
    WHERE letter_id = %(letter)s AND {Transition.NUMBER.came_from()} AND NOT (to_score AND %(is_scored)s)
        AND (display = 'public' OR %(is_batch)s)
    ORDER BY confirmed_at, id LIMIT %(most)s FOR NO KEY UPDATE
), ordered AS (
    SELECT id, via, row_number() OVER (ORDER BY lot NULLS FIRST, confirmed_at, id) AS place FROM claimed
), numbered AS (
    UPDATE letters_signature AS signature
    SET {Transition.NUMBER.becomes()}, number = %(last)s + ordered.place, published_at = %(now)s
    FROM ordered WHERE signature.id = ordered.id
    RETURNING revision_id, signature.display, signature.language, signature.country, ordered.via
), tallied AS (
    -- Here alone it is noted how signers came, and for no signature by itself. Privacy: a tally that moves by one would
    -- tell where a signer without a name comes from, so those are counted as not known.
    INSERT INTO letters_lettertally AS tally (letter_id, kind, value, number)
    SELECT %(letter)s, kind, value, count(*)
    FROM numbered CROSS JOIN LATERAL (
        VALUES ('language', language), ('country', country), ('via', via)
    ) AS noted (kind, said)
    CROSS JOIN LATERAL (SELECT CASE WHEN display = 'nobody' THEN '' ELSE said END AS value) AS known
    GROUP BY kind, value
    ON CONFLICT (letter_id, kind, value) DO UPDATE SET number = tally.number + excluded.number
)
SELECT revision_id, count(*) FROM numbered GROUP BY revision_id
"""  # noqa: S608 -- our own statement

NOTE_HOUR = """
INSERT INTO letters_letterhour AS noted (letter_id, hour, published, taken_out)
VALUES (%(letter)s, date_bin('15 minutes', %(now)s::timestamptz, 'epoch'), %(published)s, %(taken_out)s)
ON CONFLICT (letter_id, hour) DO UPDATE
SET published = noted.published + excluded.published, taken_out = noted.taken_out + excluded.taken_out
"""

TAKE_OUT = f"""
UPDATE letters_signature SET counted = false
WHERE letter_id = %(letter)s AND counted AND NOT {is_in([COUNTED])} AND (display = 'public' OR %(is_batch)s)
RETURNING revision_id, state, number, display = 'public'
"""  # noqa: S608 -- our own statement

PUT_BACK = f"""
UPDATE letters_signature SET counted = true
WHERE letter_id = %(letter)s AND NOT counted AND {is_in([COUNTED])} AND (display = 'public' OR %(is_batch)s)
RETURNING revision_id, id, number
"""  # noqa: S608 -- our own statement

# Performance: this reads every signature of the letter, but only once, while `signature_count` is not set yet.
COUNT_TEXTS = """
WITH found AS (
    SELECT revision_id, count(*) AS many FROM letters_signature
    WHERE letter_id = %(letter)s AND number IS NOT NULL AND counted GROUP BY revision_id
)
UPDATE letters_revision AS revision
SET signature_count = coalesce((SELECT many FROM found WHERE revision_id = revision.id), 0)
WHERE letter_id = %(letter)s AND signature_count IS NULL
"""


class Scorer(Protocol):
    """Scores the signatures of a letter that was locked, and holds the doubtful ones."""

    def __call__(self, letter: Letter, *, now: datetime) -> bool: ...


@transaction.atomic
def sequence_letter(letter_id: int, *, now: datetime, score: Scorer | None = None) -> bool:
    """Number and publish confirmed signatures in order, and update the letter's counts, all in one transaction.

    `score` is called first, with the letter locked. It scores signatures, holds the doubtful ones, and returns whether
    there are more. Only what was scored is numbered, so no count includes a doubtful signature for a moment.

    Privacy: what the public sees without a name changes only in a batch (batching.py).

    Return whether there may be more to number. Safe to run at any time and any number of times.
    """
    # NO KEY: the foreign keys of new signatures lock this row with KEY SHARE, and must not wait for us.
    letter = Letter.objects.select_for_update(no_key=True).get(pk=letter_id)
    _count_texts(letter)
    is_more = score is not None and score(letter, now=now)
    is_batch = batching.is_batch_due(letter, now=now)
    may_number = is_on(Switch.Name.PUBLISH)
    added = _number_confirmed(letter, now, score is not None, is_batch) if may_number else Counter[int]()
    withdrawn, removed, taken_out = _take_out(letter, is_batch)
    restored, returned = _put_back(letter, is_batch)
    Revision.objects.move_counts(_moves(added + restored, withdrawn + removed))
    letter.awaiting_confirmation, letter.awaiting_review = awaiting = behind.awaiting(letter_id)
    numbered, back, gone = added.total(), restored.total(), withdrawn.total() + removed.total()
    moved = numbered or back or gone
    waiting = dict(zip(["awaiting_confirmation", "awaiting_review"], awaiting, strict=True))
    if moved or (is_batch and letter.awaiting_has_changed):
        shown = {f"shown_{name}": number for name, number in waiting.items() if is_batch}
        Letter.objects.filter(pk=letter_id).update(
            signature_count=F("signature_count") + numbered + back - gone,
            last_number=F("last_number") + numbered,
            withdrawn_count=F("withdrawn_count") + withdrawn.total(),
            removed_count=F("removed_count") + removed.total() - back,
            **waiting,
            **shown,
            version=F("version") + 1,
            counted_at=now,
        )
        for name, number in shown.items():
            setattr(letter, name, number)
    else:
        # Privacy: the public sees rounded numbers, so keep version and time. A new one would reveal a change that the
        # rounded numbers hide.
        Letter.objects.filter(pk=letter_id).exclude(**waiting).update(**waiting)
    if moved:
        _note_hour(letter, now, published=numbered, taken_out=gone - back)
        count = letter.signature_count + numbered + back - gone
        left = [each.number for each in taken_out if each.is_public]
        owe_numbered(letter, numbered=numbered, back=list(returned.values()), gone=left, count=count, now=now)
    moves = {"published": numbered + back - gone, "withdrawn": withdrawn.total(), "removed": removed.total() - back}
    steps = Steps(
        withdrawn=[each.number for each in taken_out if not each.is_removed],
        removed=[each.number for each in taken_out if each.is_removed],
        restored=list(returned),
        last_number=letter.last_number + numbered,
        counts=_counts(letter, **moves),
        is_new_version=bool(moved),
        is_batch_due=is_batch,
    )
    is_more |= record_steps(letter, steps, now=now)
    is_more |= numbered == MAX_BATCH_SIZE
    batching.plan_batch(letter, now=now, is_done=is_batch and not is_more)
    return is_more


def _counts(letter: Letter, *, published: int, withdrawn: int, removed: int) -> str:
    """Return the letter's counts after these changes, as its pages show them, for the ledger.

    Privacy: a letter that names nobody yet shows none.
    """
    if letter.is_sealed:
        return ""
    return entries.counts(
        letter.signature_count + published,
        letter.awaiting_confirmation_in_tens,
        letter.awaiting_review_in_tens,
        letter.withdrawn_count + withdrawn,
        letter.removed_count + removed,
    )


def _note_hour(letter: Letter, now: datetime, *, published: int, taken_out: int) -> None:
    """Add to the totals of this hour. Performance: the organizers' chart reads these, and counts no signatures."""
    execute(NOTE_HOUR, {"letter": letter.pk, "now": now, "published": published, "taken_out": taken_out})


# The functions below return how many signatures they moved, by the id of the revision.


def _number_confirmed(letter: Letter, now: datetime, is_scored: bool, is_batch: bool) -> Counter[int]:
    values = {"letter": letter.pk, "most": MAX_BATCH_SIZE, "last": letter.last_number, "now": now}
    whom = {"is_scored": is_scored, "is_batch": is_batch, "is_mixed": size_of(letter) > 1}
    return Counter(dict(fetch_rows(NUMBER, {**values, **whom})))


class _TakenOut(NamedTuple):
    number: int
    is_removed: bool
    is_public: bool


def _take_out(letter: Letter, is_batch: bool) -> tuple[Counter[int], Counter[int], list[_TakenOut]]:
    """Stop counting signatures that signers withdrew or moderators removed.

    Return the two counts in this order, and each number.
    """
    withdrawn, removed, numbers = Counter[int](), Counter[int](), []
    for revision_id, state, number, is_public in fetch_rows(TAKE_OUT, {"letter": letter.pk, "is_batch": is_batch}):
        is_removed = state == State.REJECTED
        (removed if is_removed else withdrawn)[revision_id] += 1
        numbers.append(_TakenOut(number, is_removed, is_public))
    return withdrawn, removed, numbers


def _put_back(letter: Letter, is_batch: bool) -> tuple[Counter[int], dict[int, int]]:
    """Count restored signatures again. They keep their numbers. Return their ids, too, by their numbers."""
    rows = fetch_rows(PUT_BACK, {"letter": letter.pk, "is_batch": is_batch})
    return Counter(revision_id for revision_id, _, _ in rows), {number: pk for _, pk, number in rows}


def _moves(more: Counter[int], less: Counter[int]) -> dict[int, int]:
    return {pk: by for pk in sorted(more | less) if (by := more[pk] - less[pk])}


def _count_texts(letter: Letter) -> None:
    """Count the signatures of texts that have no count yet. Call it before any count is moved."""
    if Revision.objects.filter(letter=letter, signature_count=None).exists():
        execute(COUNT_TEXTS, {"letter": letter.pk})
        Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
