"""Compare the ledger of a letter with its signatures, openings, texts and counts. It corrects nothing.

Performance: one pass over the entries in their order, and one over entries and signatures side by side in the order of
their numbers. Neither keeps more than a few rows in memory, however long the letter is.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter

from django.db import connection, transaction

from letters.base.ledger import entries, queries
from letters.base.ledger.commitments import commit
from letters.base.ledger.entries import Entry, Verb
from letters.models import Ledger, LedgerOpening, Letter, OwedEntry, Signature, State, Translation

ROWS_AT_ONCE = 2000
IN_ORDER = "SELECT index, data FROM letters_ledgerentry WHERE letter_id = %(letter)s ORDER BY index"
# The database sorts. Other lines are named by the first pass.
BY_NUMBER = """
SELECT split_part(data, ' ', 3)::int AS number, index, data FROM letters_ledgerentry
WHERE letter_id = %(letter)s
  AND data ~ '^undersigned/1 (publish|words|carry|withdraw|remove|restore) [1-9][0-9]{0,8}( |$)'
ORDER BY number, index
"""


@dataclass(frozen=True)
class Difference:
    """One place where ledger and letter disagree, as a sentence that names the entry or the number."""

    letter_id: int
    what: str

    def __str__(self) -> str:
        return f"Letter {self.letter_id}: {self.what}"


@dataclass
class _Number:
    """What the entries about one number say, up to the newest."""

    # None if it is counted; otherwise the verb that took it out.
    out: Verb | None = None
    is_published: bool = False
    revision: int = 0
    commitment: str = ""
    committed_in: int = 0


def differences_of(letter: Letter) -> Iterator[Difference]:
    """Find where ledger and letter disagree. What the sequencer has still to write is no difference."""
    with _snapshot():
        ledger = Ledger.objects.filter(pk=letter.pk).first()
        if ledger is None:
            return
        # As they are in the snapshot.
        letter = Letter.objects.get(pk=letter.pk)
        for what in chain(_in_order(letter, ledger), _by_number(letter, ledger)):
            yield Difference(letter.pk, what)


@contextmanager
def _snapshot() -> Iterator[None]:
    """Race: the sequencer writes meanwhile, so read everything as it was at one moment."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _rows(statement: str, letter: Letter) -> Iterator[tuple[int | str, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, {"letter": letter.pk})
        while found := cursor.fetchmany(ROWS_AT_ONCE):
            yield from found


def _in_order(letter: Letter, ledger: Ledger) -> Iterator[str]:
    """Check that no entry is missing or unreadable, and that counts and texts agree."""
    expected, moved = 0, dict.fromkeys(Verb, 0)
    texts = _texts(letter)
    for index, data in _rows(IN_ORDER, letter):
        if index != expected:
            yield f"entries are missing between {expected - 1} and {index}."
        expected = int(index) + 1
        try:
            entry = entries.read(str(data))
        except ValueError:
            yield f"entry {index} is no line of a ledger."
            continue
        if (entry.verb == Verb.BEGIN) != (index == 0) and entry.parts[1:2] != ("continues",):
            yield f"entry {index} is not at its place: a ledger begins once."
        moved[entry.verb] += 1
        if entry.verb == Verb.COUNTS and (wrong := _wrong_counts(entry, moved, ledger)):
            yield f"entry {index} says {wrong}"
        if entry.verb == Verb.TEXT and texts.pop(entry.parts[:2], entry.parts[2]) != entry.parts[2]:
            yield f"entry {index} has another fingerprint than text {entry.parts[0]} in {entry.parts[1]}."
    for number, language in texts if ledger.newest_text_id == letter.current_revision_id else ():
        yield f"no entry has the fingerprint of text {number} in {language}."
    published = _published(moved)
    if ledger.recorded == letter.last_number and published != letter.signature_count:
        yield f"its count is {letter.signature_count}, but its entries add up to {published}."


def _texts(letter: Letter) -> dict[tuple[str, ...], str]:
    texts = Translation.objects.filter(revision__letter=letter, revision__published_at__isnull=False)
    found = texts.values_list("revision__number", "language", "sha256")
    return {(str(number), language): bytes(sha256).hex() for number, language, sha256 in found}


def _published(moved: dict[Verb, int]) -> int:
    return moved[Verb.PUBLISH] + moved[Verb.RESTORE] - moved[Verb.WITHDRAW] - moved[Verb.REMOVE]


def _wrong_counts(entry: Entry, moved: dict[Verb, int], ledger: Ledger) -> str:
    """Return what is wrong with an entry of counts; nothing if the entries before it add up to it."""
    published, _, _, withdrawn, removed = map(int, entry.parts)
    if published != _published(moved):
        return f"{published} are published, but the entries before it add up to {_published(moved)}."
    # Of a letter that is older than its ledger, it is not known how each number left the list.
    removed_now = moved[Verb.REMOVE] - moved[Verb.RESTORE]
    if not ledger.is_existing and (withdrawn, removed) != (moved[Verb.WITHDRAW], removed_now):
        return (
            f"{withdrawn} were withdrawn and {removed} removed, but the entries before it add up to "
            f"{moved[Verb.WITHDRAW]} and {removed_now}."
        )
    return ""


def _by_number(letter: Letter, ledger: Ledger) -> Iterator[str]:
    """Compare the entries about each number with the signature that has it."""
    signatures = Signature.objects.filter(letter=letter, number__isnull=False).order_by("number")
    with_text = signatures.select_related("revision", "ledger_opening")
    rows = with_text.only(*queries.READ, "revision__number", "ledger_opening").iterator(chunk_size=ROWS_AT_ONCE)
    owed = defaultdict[int, set[str]](set)
    for pk, kind in OwedEntry.objects.filter(letter=letter).values_list("signature_id", "kind"):
        owed[pk].add(kind)
    row = next(rows, None)
    for number, about in groupby(_rows(BY_NUMBER, letter), key=itemgetter(0)):
        while row is not None and row.number is not None and row.number < int(number):
            yield from _without_entries(row, letter, ledger)
            row = next(rows, None)
        said = _Number()
        for _, index, data in about:
            # The first pass has named lines that nobody can read.
            with suppress(ValueError):
                yield from _add(said, int(number), int(index), entries.read(str(data)))
        if row is None or row.number != number:
            yield f"no signature has number {number}, which entry {said.committed_in} published."
        else:
            yield from _compare(row, said, owed.get(row.pk, set()))
            row = next(rows, None)
    while row is not None:
        yield from _without_entries(row, letter, ledger)
        row = next(rows, None)
    too_early = LedgerOpening.objects.filter(signature__letter=letter, signature__number=None)
    for pk in too_early.values_list("pk", flat=True):
        yield f"signature {pk} has an opening, but no number."


def _without_entries(row: Signature, letter: Letter, ledger: Ledger) -> Iterator[str]:
    if row.number is not None and row.number <= ledger.recorded:
        yield f"no entry published number {row.number}."
    elif row.number is not None and row.number > letter.last_number:
        yield f"a signature has number {row.number}, but the letter gave only {letter.last_number}."


def _add(said: _Number, number: int, index: int, entry: Entry) -> Iterator[str]:
    """Add what one more entry says about a number. Report an entry that cannot follow the ones before it."""
    verb = entry.verb
    may_follow = {
        Verb.PUBLISH: not said.is_published,
        Verb.RESTORE: said.out == Verb.REMOVE,
        Verb.WITHDRAW: said.is_published and said.out is None,
        Verb.REMOVE: said.is_published and said.out is None,
    }.get(verb, said.is_published)
    if not may_follow:
        yield f"entry {index} says “{verb}” of number {number}, which cannot follow what the entries before it say."
    if verb == Verb.PUBLISH:
        said.is_published, said.revision = True, int(entry.parts[1])
    elif verb == Verb.CARRY:
        said.revision = int(entry.parts[1])
    elif verb != Verb.WORDS:
        said.out = None if verb == Verb.RESTORE else verb
    if verb in {Verb.PUBLISH, Verb.WORDS}:
        said.commitment, said.committed_in = entry.parts[-1], index


def _compare(row: Signature, said: _Number, owed: set[str]) -> Iterator[str]:
    """Compare a signature with what the entries say about its number."""
    number, text = row.number, row.revision.number
    if row.counted != (said.out is None):
        yield f"number {number} is {'' if row.counted else 'not '}counted, but its entries say otherwise."
    elif (said.out, row.state) in {(Verb.WITHDRAW, State.REJECTED), (Verb.REMOVE, State.WITHDRAWN)}:
        yield f"number {number} left the list in another way than its entries say."
    if text != said.revision and OwedEntry.Kind.CARRY not in owed:
        yield f"number {number} belongs to text {text}, but its entries say text {said.revision}."
    opening = getattr(row, "ledger_opening", None)
    if opening is None:
        is_shown = queries.shown(row).is_public and queries.has_words(row)
        if is_shown and OwedEntry.Kind.WORDS not in owed:
            yield f"number {number} shows a name, but nothing opens entry {said.committed_in}."
    elif not queries.has_words(row):
        yield f"number {number} has an opening, although its words were deleted."
    elif commit(queries.words_of(row), bytes(opening.opening)).hex() != said.commitment:
        yield f"the words of number {number} are not those of entry {said.committed_in}."
