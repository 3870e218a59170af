"""When signatures that the public sees without a name are numbered and counted: several together.

Privacy: a person with a mail log knows when an address got an email about a letter. If a nameless entry appeared at
that moment, they would know whose it is. So these entries wait, and all that is public about them changes with a batch:
numbers, withdrawals, removals, restorations, and how many wait for something. A batch is due

* at the next quarter of the clock after enough wait. At once, it would give away the signer who confirmed last;
* at the set hour of the letter's day, however few wait. Those who sign are told so before they do;
* when the names of a sealed letter appear.

Signatures with a public name do not wait. See docs/decisions/0015-nameless-signatures-in-batches.md.
"""

from datetime import datetime, timedelta

from letters.base.batches.queries import next_set_hour, size_of
from letters.base.switches.queries import is_on
from letters.models import COUNTED, Letter, State, Switch
from letters.models.lifecycle import is_in
from letters.shared.sql import fetch_one

QUARTER = timedelta(minutes=15)
WITHHELD = "display <> 'public'"

# Performance: small indexes hold only signatures that wait, and no more are read than fill a batch.
WAITING = f"""
SELECT
    (SELECT count(*) FROM (
        SELECT FROM letters_signature
        WHERE letter_id = %(letter)s AND {is_in([State.CONFIRMED])} AND {WITHHELD} LIMIT %(most)s
    ) AS additions),
    EXISTS (SELECT FROM letters_signature
        WHERE letter_id = %(letter)s AND counted AND NOT {is_in([COUNTED])} AND {WITHHELD})
    OR EXISTS (SELECT FROM letters_signature
        WHERE letter_id = %(letter)s AND NOT counted AND {is_in([COUNTED])} AND {WITHHELD})
    OR EXISTS (SELECT FROM letters_owedentry AS owed JOIN letters_signature AS about ON about.id = owed.signature_id
        WHERE owed.letter_id = %(letter)s AND owed.kind <> 'carry' AND about.number IS NOT NULL AND {WITHHELD})
"""  # noqa: S608 -- our own statement


def is_batch_due(letter: Letter, *, now: datetime) -> bool:
    """Return whether what the public sees without a name changes now. The caller has locked the letter.

    Privacy: someone could fill a batch with signatures of their own, and withdraw them before it is due, to see one
    person alone. So those that wait are counted again.
    """
    # The names of a sealed letter appear with all that have waited with them.
    if size_of(letter) <= 1 or letter.named_at == now:
        return True
    if letter.batch_due_at is None or now < letter.batch_due_at or not is_on(Switch.Name.PUBLISH):
        return False
    return _is_set_hour(letter, letter.batch_due_at) or _additions(letter) >= size_of(letter)


def plan_batch(letter: Letter, *, now: datetime, is_done: bool) -> None:
    """Note when the next batch is due, after the sequencer has run. The caller has locked the letter.

    `is_done` says that all that waited was in a batch just now. Privacy: no page shows this moment: the version stays.
    """
    if size_of(letter) <= 1 and letter.batch_due_at is None:
        return
    due_at = None if size_of(letter) <= 1 else _next_due(letter, now=now, is_done=is_done)
    if due_at != letter.batch_due_at:
        Letter.objects.filter(pk=letter.pk).update(batch_due_at=due_at)
        letter.batch_due_at = due_at


def _next_due(letter: Letter, *, now: datetime, is_done: bool) -> datetime | None:
    additions, is_other = fetch_one(WAITING, {"letter": letter.pk, "most": size_of(letter)})
    if not additions and not is_other and not letter.awaiting_has_changed:
        return None
    due_at = None if is_done else letter.batch_due_at
    if due_at is not None and due_at <= now and not _is_set_hour(letter, due_at):
        due_at = None  # Too few were left.
    due_at = due_at or next_set_hour(letter, now)
    return min(due_at, _next_quarter(now)) if additions >= size_of(letter) else due_at


def _additions(letter: Letter) -> int:
    return int(fetch_one(WAITING, {"letter": letter.pk, "most": size_of(letter)})[0])


def _next_quarter(now: datetime) -> datetime:
    begun = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    return begun + QUARTER


def _is_set_hour(letter: Letter, moment: datetime) -> bool:
    return next_set_hour(letter, moment - timedelta(microseconds=1)) == moment
