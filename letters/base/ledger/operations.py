"""Write into the ledger of a letter. The sequencer calls this in the transaction that numbers and counts.

Lock order: whoever calls holds the letter's row. So each ledger has one writer, and nobody changes words meanwhile.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from letters.base.ledger import entries, queries
from letters.base.ledger.commitments import commit, fresh_openings
from letters.base.ledger.entries import LANGUAGES_FROM, NO_LANGUAGE
from letters.base.ledger.queries import Shown
from letters.models import Display, Ledger, LedgerOpening, Letter, OwedEntry, Signature, State
from letters.models.ledger import seal_opening
from letters.shared.sql import execute, fetch_rows

# Each transaction records so many signatures that already have numbers.
MAX_RECORDED = 5000
# Counts are written at most this often.
COUNTS_EVERY = timedelta(minutes=1)

# One statement for each transaction, however many entries there are. Race: the letter's row is locked, so nobody else
# takes the same index.
WRITE = """
WITH added AS (
    INSERT INTO letters_ledgerentry (letter_id, index, data)
    SELECT %(letter)s, size + place - 1, line
    FROM unnest(%(lines)s::text[]) WITH ORDINALITY AS written (line, place)
    CROSS JOIN (
        SELECT coalesce(max(index) + 1, 0) AS size FROM letters_ledgerentry WHERE letter_id = %(letter)s
    ) AS before
), opened AS (
    INSERT INTO letters_ledgeropening (signature_id, opening)
    SELECT * FROM unnest(%(ids)s::bigint[], %(openings)s::bytea[])
    ON CONFLICT (signature_id) DO UPDATE SET opening = excluded.opening
)
UPDATE letters_ledger
SET recorded = %(recorded)s, newest_text_id = %(newest_text)s, counts = %(counts)s, counts_at = %(counts_at)s,
    owes_counts = %(owes_counts)s
WHERE letter_id = %(letter)s
"""

# Privacy: what is owed about a signature without a public name is written with its batch. Only answers about a new text
# are not: the list shows the text at once.
DRAIN = """
DELETE FROM letters_owedentry AS owed USING letters_signature AS signature
WHERE owed.letter_id = %(letter)s AND signature.id = owed.signature_id AND signature.number <= %(recorded)s
  AND (%(is_batch_due)s OR signature.display = 'public' OR owed.kind = 'carry')
RETURNING owed.signature_id, owed.kind
"""

OWE = """
INSERT INTO letters_owedentry (letter_id, signature_id, kind)
SELECT %(letter)s, id, %(kind)s FROM unnest(%(ids)s::bigint[]) AS owed (id)
ON CONFLICT DO NOTHING
"""


@dataclass
class _Writing:
    """What one transaction adds to the ledger of a letter."""

    letter: Letter
    ledger: Ledger
    # Whether anything is owed about signatures.
    owes_entries: bool
    lines: list[str] = field(default_factory=list)
    # By the ids of signatures.
    openings: dict[int, bytes] = field(default_factory=dict)
    # Whether readers see one of these openings beside a name.
    shows_openings: bool = False
    before: tuple[int, bool] = field(init=False)

    def __post_init__(self) -> None:
        self.before = (self.ledger.recorded, self.ledger.owes_counts)

    def write(self, *, is_new_version: bool = False) -> None:
        """Add the entries, and invalidate public pages if they show more than the caller has noted.

        Performance: nothing is sent if there is nothing to add.
        """
        ledger = self.ledger
        if not self.lines and (ledger.recorded, ledger.owes_counts) == self.before:
            return
        values = {
            "letter": self.letter.pk,
            "lines": self.lines,
            "ids": list(self.openings),
            "openings": list(self.openings.values()),
            "recorded": ledger.recorded,
            "newest_text": ledger.newest_text_id,
            "counts": ledger.counts,
            "counts_at": ledger.counts_at,
            "owes_counts": ledger.owes_counts,
        }
        execute(WRITE, values)
        if self.shows_openings and not is_new_version:
            Letter.objects.filter(pk=self.letter.pk).update(version=F("version") + 1)

    def open(self, signature: Signature, opening: bytes) -> bytes:
        """Return the commitment to the words of this signature, and keep what opens it if the words still exist."""
        if queries.has_words(signature):
            is_entrusted = signature.display == Display.ORGANIZERS
            self.openings[signature.pk] = seal_opening(opening) if is_entrusted else opening
            self.shows_openings |= signature.display == Display.PUBLIC
        return commit(queries.words_of(signature), opening)


@dataclass(frozen=True)
class Steps:
    """What one transaction of the sequencer has changed, by sequence numbers, and the letter's counts after it."""

    withdrawn: Sequence[int] = ()
    removed: Sequence[int] = ()
    restored: Sequence[int] = ()
    # The last number that was given.
    last_number: int = 0
    # The entry with the counts; empty for a letter that shows none.
    counts: str = ""
    # Whether the letter's version has increased.
    is_new_version: bool = False
    # Whether what the public sees without a name may be written now.
    is_batch_due: bool = True


def record_steps(letter: Letter, steps: Steps, *, now: datetime) -> bool:
    """Write these steps, new signatures and texts, what is owed, and the counts. Return whether there is more to write.

    A draft has no ledger: it begins when the letter is published. Signatures of a letter that was public before the
    site kept ledgers enter with `enroll`; of those that have not entered, no steps are written.
    """
    if letter.status == Letter.Status.DRAFT:
        return False
    writing = _begin(letter)
    ledger = writing.ledger
    is_enrolled = not ledger.is_existing or ledger.recorded == letter.last_number
    if writing.owes_entries:
        _drain(writing, steps.is_batch_due)
    for write, numbers in (
        (entries.withdraw, steps.withdrawn),
        (entries.remove, steps.removed),
        (entries.restore, steps.restored),
    ):
        writing.lines += [write(number) for number in sorted(numbers) if number <= ledger.recorded]
    if is_enrolled and ledger.recorded < steps.last_number:
        _publish(writing, steps.last_number)
    _count(writing, steps, now)
    writing.write(is_new_version=steps.is_new_version)
    return is_enrolled and ledger.recorded < steps.last_number


@transaction.atomic
def enroll(letter_id: int) -> bool:
    """Enter signatures of a letter that was public before the site kept ledgers, one batch of them.

    Return whether there are more. Idempotent: what has entered is not entered again.
    """
    letter = Letter.objects.select_for_update(no_key=True).get(pk=letter_id)
    if letter.status == Letter.Status.DRAFT:
        return False
    writing = _begin(letter)
    if writing.ledger.recorded < letter.last_number:
        _publish(writing, letter.last_number)
        writing.ledger.owes_counts = True
    writing.write()
    return writing.ledger.recorded < letter.last_number


def record_texts(letter: Letter) -> None:
    """Begin the ledger of a letter that was just published, or enter its new text."""
    _begin(letter).write()


def owe_words(letter_id: int, changes: Iterable[tuple[int, Shown, Shown]]) -> None:
    """Note that the words of these signatures have changed, or who can see them: id, before and after.

    Privacy: the old words are gone, so their openings go at once, too. A change that no public page shows gets no
    entry: it would tell that the person behind a number has changed something.
    """
    changed = [(pk, before.is_public or after.is_public) for pk, before, after in changes if before != after]
    if not changed:
        return
    LedgerOpening.objects.filter(signature__in=[pk for pk, _ in changed]).delete()
    if is_shown := [pk for pk, is_public in changed if is_public]:
        execute(OWE, {"letter": letter_id, "ids": is_shown, "kind": OwedEntry.Kind.WORDS})


@contextmanager
def changing_words(letter_id: int, ids: Collection[int]) -> Iterator[None]:
    """Do the same for what happens inside, which may change the words of these signatures."""
    before = queries.shown_of(ids)
    yield
    after = queries.shown_of(before)
    owe_words(letter_id, [(pk, was, after[pk]) for pk, was in before.items() if pk in after])


def owe_carry(signature: Signature) -> None:
    """Note that a signature with a number belongs to another text now."""
    if signature.number is not None:
        execute(OWE, {"letter": signature.letter_id, "ids": [signature.pk], "kind": OwedEntry.Kind.CARRY})


def _begin(letter: Letter) -> _Writing:
    """Return what this transaction writes: first the beginning of the ledger, and texts that it does not have."""
    ledger, owes_entries = queries.ledger_of(letter)
    writing = _Writing(letter, ledger or Ledger.objects.create(letter=letter), owes_entries)
    ledger = writing.ledger
    if ledger.newest_text_id is None:
        writing.lines.append(entries.begin(queries.origin_of(letter.pk), is_existing=ledger.is_existing))
    writing.lines += [entries.text(*said) for said in queries.texts_to_record(letter, ledger)]
    ledger.newest_text_id = letter.current_revision_id
    return writing


def _drain(writing: _Writing, is_batch_due: bool) -> None:
    """Write what is owed about numbers that the ledger has."""
    letter, recorded = writing.letter, writing.ledger.recorded
    owed = set(fetch_rows(DRAIN, {"letter": letter.pk, "recorded": recorded, "is_batch_due": is_batch_due}))
    about = queries.signatures_owed(letter, sorted({pk for pk, _ in owed})) if owed else []
    # Trust: in this order, so that whoever adds up the numbers of each text takes a withdrawal from the right one.
    for signature in about:
        if (signature.pk, OwedEntry.Kind.CARRY) in owed:
            writing.lines.append(entries.carry(_number(signature), signature.revision.number))
    changed = [each for each in about if (each.pk, OwedEntry.Kind.WORDS) in owed and queries.has_words(each)]
    for signature, opening in zip(changed, fresh_openings(len(changed)), strict=True):
        writing.lines.append(entries.words(_number(signature), writing.open(signature, opening)))


def _publish(writing: _Writing, last_number: int) -> None:
    """Enter the next signatures that have a number, and which of them are already taken out."""
    letter, ledger = writing.letter, writing.ledger
    rows = queries.signatures_to_record(letter, ledger, MAX_RECORDED)
    says_language = letter.signature_count >= LANGUAGES_FROM
    for signature, opening in zip(rows, fresh_openings(len(rows)), strict=True):
        number, text = _number(signature), signature.revision.number
        # Privacy: in a small letter, a language may name a person.
        language = signature.language if says_language and signature.display == Display.PUBLIC else NO_LANGUAGE
        writing.lines.append(entries.publish(number, text, language, writing.open(signature, opening)))
        if not signature.counted:
            is_removed = signature.state in {State.REJECTED, State.PUBLISHED}
            writing.lines.append(entries.remove(number) if is_removed else entries.withdraw(number))
    ledger.recorded = _number(rows[-1]) if len(rows) == MAX_RECORDED else last_number


def _count(writing: _Writing, steps: Steps, now: datetime) -> None:
    """Write the counts if they have changed, but only once a minute, and only if the ledger has every signature."""
    ledger = writing.ledger
    if steps.counts in {"", ledger.counts}:
        ledger.owes_counts = False
    elif ledger.recorded < steps.last_number or (ledger.counts_at and now < ledger.counts_at + COUNTS_EVERY):
        ledger.owes_counts = True
    else:
        writing.lines.append(steps.counts)
        ledger.counts, ledger.counts_at, ledger.owes_counts = steps.counts, now, False


def _number(signature: Signature) -> int:
    """Return the sequence number of a signature that has one."""
    if signature.number is None:
        raise ValueError("Only signatures with a number are in the ledger")
    return signature.number
