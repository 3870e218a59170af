"""The letter's record (its log) in a bundle, and in copies elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from letters.base.ledger_logs import queries
from letters.base.ledger_logs.queries import Log
from letters.models import Bundle, LedgerEntry, LedgerKey, LedgerLog, Letter, Mirror
from letters.public.ledger.keys import NoKey, signers
from letters.public.mirrors.archive import File
from letters.shared import tlog
from letters.shared.notes import Checkpoint, Note, is_signed_by, parse_checkpoint
from letters.shared.tlog import TILE_BITS, TILE_WIDTH, BadProof

Finding = Mirror.Finding

# The names of the record's files in a bundle. Below LOG they are those of the site. Places in MIRRORS also offer the
# checkpoint beside the ZIP, so that others can compare it without the whole ZIP.
LOG = "log/"
CHECKPOINT, KEYS = f"{LOG}checkpoint", f"{LOG}vkeys.txt"


@dataclass(frozen=True)
class Record:
    """The beginning of a letter's log that a bundle holds. Without a note, the bundle has no record."""

    # Whether the log has no entry that is not signed yet.
    is_whole: bool
    log: Log | None = None
    note: str = ""

    @property
    def origin(self) -> str:
        return _origin_of(self.note)

    @property
    def size(self) -> int:
        return parse_checkpoint(self.note)[0].size if self.note else 0


def is_signing() -> bool:
    """Return whether this site signs its logs."""
    return LedgerKey.objects.exists()


def record_of(letter: Letter, again: Bundle | None) -> Record:
    """Return the record for a bundle. A bundle that is made `again` gets the one that it had.

    Reproducible: an entry about the counts can be signed without a new version of the letter.
    """
    current = queries.open_log(letter)
    if current is None:
        return Record(is_whole=not (is_signing() and LedgerEntry.objects.filter(letter=letter).exists()))
    log = Log(current.pk, current.letter_id, current.origin, current.size, letter.status)
    if again and again.is_record_whole and _origin_of(again.checkpoint) == current.origin:
        return Record(is_whole=True, log=log, note=again.checkpoint)
    # A log in doubt grows no more, and its successor has a record of its own.
    is_whole = bool(current.doubt) or queries.entries_in(current) == current.size
    return Record(is_whole=is_whole, log=log, note=queries.newest_note(log) or "")


def _origin_of(note: str) -> str:
    return note.partition("\n")[0]


def files_of(record: Record) -> Iterator[File]:
    """Yield the checkpoint, the public keys and the tiles, under the same names as on the site."""
    if record.log is None or not record.note:
        return
    yield File(CHECKPOINT, [record.note.encode()])
    yield File(KEYS, [keys_of(record)])
    for level in range(tlog.MAX_LEVEL + 1):
        for number, width in _tiles_of(level, record.size):
            yield _file(tlog.tile_path(level, number, width), queries.tile_data(record.log, level, number, width))
    yield from entries_of(record)


def keys_of(record: Record) -> bytes:
    """Return the public keys of the record, a line each."""
    return "".join(f"{key}\n" for key in queries.vkeys_of(record.origin)).encode()


def entries_of(record: Record) -> Iterator[File]:
    """Yield the entries of the record, 256 to a file. Memory: one file at a time."""
    if record.log is None:
        return
    for number, width in _tiles_of(0, record.size):
        yield _file(tlog.tile_path("entries", number, width), queries.bundle_data(record.log, number, width))


def _tiles_of(level: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield number and width of each tile of a level, in a log of this size."""
    for number in range(-(-(size >> TILE_BITS * level) // TILE_WIDTH)):
        yield number, tlog.width_of(level, number, size)


def _file(name: str, data: bytes | None) -> File:
    if data is None:
        raise BadProof(f"The log has no {name}.")
    return File(LOG + name, [data])


def statement(bundle: Bundle) -> tuple[str, str]:
    """Return the text that is signed, and the name under which: which letter, which version, and the fingerprints."""
    current = queries.open_log(bundle.letter)
    name = current.origin if current else f"{settings.SITE_URL.partition('://')[2]}/log/{bundle.letter_id}"
    return name, (
        f"undersigned/1 bundle\n{name}\nversion {bundle.version}\n"
        f"zip sha256 {bundle.sha256}\nSHA256SUMS sha256 {bundle.sums_sha256}\n"
    )


def signed_note(bundle: Bundle) -> str:
    """Return the signed note about a bundle; "" in a process without the key."""
    name, text = statement(bundle)
    try:
        return str(Note(text, [signer.sign_text(name, text) for signer in signers()]))
    except NoKey:
        return ""


def compared(letter: Letter, note: bytes) -> tuple[Mirror.Finding, int | None]:
    """Return how a record elsewhere, of which this is the checkpoint, relates to ours, and how many entries it has."""
    try:
        checkpoint, parsed = parse_checkpoint(note.decode())
        current = LedgerLog.objects.filter(letter=letter, origin=checkpoint.origin).first()
        keys = queries.vkeys_of(checkpoint.origin)
        # Anyone can write a checkpoint. Only one that our key has signed says something about us.
        if current is None or not any(is_signed_by(key, checkpoint, parsed.signatures) for key in keys):
            return Finding.UNREADABLE, None
    except (BadProof, UnicodeDecodeError):
        return Finding.UNREADABLE, None
    return _relation(current, checkpoint), checkpoint.size


def _relation(current: LedgerLog, checkpoint: Checkpoint) -> Mirror.Finding:
    if checkpoint.size > current.size:
        return Finding.AHEAD
    read = queries.reader(current.pk, tlog.edge_of(checkpoint.size))
    return Finding.SAME if tlog.root_at(checkpoint.size, read) == checkpoint.root else Finding.DIFFERENT
