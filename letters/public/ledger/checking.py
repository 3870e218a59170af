"""Check logs against their entries and signatures, and say which entry, tile or checkpoint differs."""

from collections.abc import Iterator

from letters.base.ledger_logs.queries import entries_between, entries_in, reader, vkeys_of
from letters.models import LedgerCheckpoint, LedgerLog
from letters.public.ledger import memory
from letters.shared import tlog
from letters.shared.notes import is_signed_by, parse_checkpoint
from letters.shared.tlog import HASH_SIZE, TILE_WIDTH, Tile


def wrong_in(log: LedgerLog) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong. Memory: one tile and its entries at a time."""
    if log.doubt:
        yield f"{log.origin} is in doubt: {log.get_doubt_display()}."
    total = entries_in(log)
    if total < log.size and not log.closed_at:
        yield f"{log.origin} has {total} entries, and {log.size} are signed."
    yield from _wrong_tiles(log)
    yield from _wrong_checkpoints(log)
    yield from _wrong_memory(log)


def _wrong_tiles(log: LedgerLog) -> Iterator[str]:
    size = log.size
    below: list[bytes] = []
    for level in range(tlog.MAX_LEVEL + 1):
        roots: list[bytes] = []
        for number in range(-(-(size >> tlog.TILE_BITS * level) // TILE_WIDTH)):
            width = tlog.width_of(level, number, size)
            first = number * TILE_WIDTH
            if level == 0:
                entries = entries_between(log, first, first + width)
                expected = [tlog.leaf_hash(entry) for entry in entries]
            else:
                expected = below[first : first + width]
            try:
                data = reader(log.pk, [])(Tile(level, number, width))
            except tlog.BadProof:
                yield f"{log.origin}: the tile {level}/{number} is missing or cut off."
                data = b"".join(expected)
            found = [data[at : at + HASH_SIZE] for at in range(0, width * HASH_SIZE, HASH_SIZE)]
            yield from _differences(log, level, first, expected, found)
            if width == TILE_WIDTH:
                roots.append(tlog.root_of(found))
        if not roots:
            return
        below = roots


def _differences(log: LedgerLog, level: int, first: int, expected: list[bytes], found: list[bytes]) -> Iterator[str]:
    if len(expected) != len(found):
        yield f"{log.origin}: of the entries {first} to {first + len(found) - 1} only {len(expected)} are there."
        return
    for at, (one, other) in enumerate(zip(expected, found, strict=True), start=first):
        if one != other:
            yield (
                f"{log.origin}: entry {at} is not what was signed."
                if level == 0
                else f"{log.origin}: hash {at} of level {level} is not that of the tile below."
            )


def _wrong_checkpoints(log: LedgerLog) -> Iterator[str]:
    keys = vkeys_of(log.origin)
    newest = 0
    for stored in LedgerCheckpoint.objects.filter(log=log).order_by("size").iterator():
        newest = stored.size
        try:
            said, note = parse_checkpoint(stored.note)
            # All of them are checked: one wrong signature is enough.
            are_signed = [is_signed_by(key, said, note.signatures) for key in keys]
            root = tlog.root_at(stored.size, reader(log.pk, tlog.edge_of(stored.size)))
        except tlog.BadProof as error:
            yield f"{log.origin}: the checkpoint of {stored.size} entries is wrong. {error}"
            continue
        if not any(are_signed) or (said.origin, said.size, said.root) != (log.origin, stored.size, bytes(stored.root)):
            yield f"{log.origin}: the checkpoint of {stored.size} entries is not what a key of this site signed."
        elif root != said.root:
            yield f"{log.origin}: the tiles do not have the root of the checkpoint of {stored.size} entries."
    if newest != log.size:
        yield f"{log.origin}: the newest checkpoint has {newest} entries, and {log.size} are signed."


def _wrong_memory(log: LedgerLog) -> Iterator[str]:
    """Compare with the folder outside the database, where this machine has it."""
    try:
        kept = memory.remembered(log, vkeys_of(log.origin))
    except memory.Unreadable:
        yield f"{log.origin}: the checkpoint outside the database cannot be read."
        return
    if kept and not log.closed_at and kept.size == log.size and kept.root != bytes(log.root or b""):
        yield f"{log.origin}: this machine remembers another root for {log.size} entries."
    if kept and not log.closed_at and kept.size > log.size:
        yield f"{log.origin}: this machine remembers {kept.size} entries, and the database has {log.size} signed ones."
