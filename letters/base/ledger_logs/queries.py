"""Read the logs. Nothing here needs a private key."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from django.db.models import QuerySet

from letters.models import LedgerCheckpoint, LedgerEntry, LedgerKey, LedgerLog, Letter, SiteLogEntry
from letters.shared import tlog
from letters.shared.notes import VerifierKey
from letters.shared.sql import fetch_row, fetch_rows
from letters.shared.tlog import HASH_SIZE, TILE_WIDTH, Tile, TileReader


def open_log(letter: Letter | None) -> LedgerLog | None:
    """Return the log that grows: of a letter, or of the site (None). None until its first checkpoint is due."""
    return LedgerLog.objects.current().filter(letter=letter).first()


def logs_in_doubt() -> QuerySet[LedgerLog]:
    """Return the logs that nothing signs, because the database contradicts what was signed."""
    return LedgerLog.objects.current().exclude(doubt="").order_by("pk")


def latest_checkpoint(letter: Letter | None) -> LedgerCheckpoint | None:
    """Return the newest signed checkpoint of a letter, or of the site (None)."""
    newest = LedgerCheckpoint.objects.filter(log__letter=letter, log__closed_at=None).select_related("log")
    return newest.order_by("-size").first()


@dataclass(frozen=True)
class EntryProof:
    """What proves one entry to anyone who has the public keys."""

    index: int
    hashes: list[bytes]
    checkpoint: LedgerCheckpoint


def proof_for(letter: Letter | None, index: int) -> EntryProof | None:
    """Return the proof of one entry under the newest checkpoint; None until a checkpoint has the entry."""
    newest = latest_checkpoint(letter)
    if newest is None or not 0 <= index < newest.size:
        return None
    read = reader(newest.log_id, tlog.tiles_of_path(index, newest.size))
    return EntryProof(index, tlog.inclusion_proof(index, newest.size, read), newest)


def consistency_of_site(old: int, new: int) -> list[bytes]:
    """Return the proof that the site's log grew from `old` to `new` entries without a change.

    Raises BadProof if it never had so many.
    """
    log = open_log(None)
    if log is None or not 0 <= old <= new <= log.size:
        raise tlog.BadProof("The log of the site has not so many entries.")
    return tlog.consistency_proof(old, new, reader(log.pk, tlog.tiles_of_path(max(0, old - 1), new)))


def public_keys() -> list[LedgerKey]:
    """Return every key that signs logs or did, the oldest first."""
    return list(LedgerKey.objects.order_by("pk"))


def vkeys_of(origin: str) -> list[VerifierKey]:
    """Return the public keys under the name of a log, as other programs take them (vkeys)."""
    return [key.under(origin) for key in public_keys()]


# An index of migration 0110 has this expression and condition, word for word.
ENTRY_OF_NUMBER = """
SELECT index FROM letters_ledgerentry
WHERE letter_id = %s AND split_part(data, ' ', 3) = %s
    AND (data LIKE 'undersigned/1 publish %%' OR data LIKE 'undersigned/1 words %%')
ORDER BY index DESC LIMIT 1
"""


def entry_index_of(letter: Letter, number: int) -> int | None:
    """Return the index of the entry with the newest commitment to the words of a signature with this number."""
    found = fetch_row(ENTRY_OF_NUMBER, (letter.pk, str(number)))
    return found[0] if found else None


def entries_between(log: LedgerLog, start: int, end: int) -> list[bytes]:
    """Return the entries from `start` to before `end`; fewer if one is missing, which is for the caller to see."""
    return _entries(log.letter_id, start, end)


def _entries(letter_id: int | None, start: int, end: int) -> list[bytes]:
    rows: Iterable[tuple[int, str]]
    if letter_id:
        rows = LedgerEntry.objects.filter(letter=letter_id, index__gte=start, index__lt=end).values_list(
            "index", "data"
        )
    else:
        rows = SiteLogEntry.objects.filter(index__gte=start, index__lt=end).values_list("index", "data")
    return [data.encode() for _, data in sorted(rows)]


LAST_ENTRY = "SELECT index FROM letters_ledgerentry WHERE letter_id = %s ORDER BY index DESC LIMIT 1"
LAST_OF_SITE = "SELECT index FROM letters_sitelogentry ORDER BY index DESC LIMIT 1"


def entries_in(log: LedgerLog) -> int:
    """Return how many entries there are, signed or not."""
    found = fetch_row(LAST_ENTRY, (log.letter_id,)) if log.letter_id else fetch_row(LAST_OF_SITE)
    return int(found[0]) + 1 if found else 0


TILES = """
SELECT level, number, data FROM letters_ledgertile
WHERE log_id = %s AND (level, number) IN (SELECT * FROM unnest(%s::smallint[], %s::bigint[]))
"""


def reader(log_id: int, expected: Iterable[Tile]) -> TileReader:
    """Return a function that reads tiles. The `expected` ones are read now, with one query; others one by one.

    The function raises BadProof if a tile is missing or too short.
    """
    known = _tiles(log_id, list(expected))

    def read(tile: Tile) -> bytes:
        place = (tile.level, tile.number)
        data = known.get(place) or _tiles(log_id, [tile]).get(place, b"")
        if len(data) < tile.width * HASH_SIZE:
            raise tlog.BadProof(f"The tile {tile.level}/{tile.number} is missing or cut off.")
        return data

    return read


def _tiles(log_id: int, tiles: list[Tile]) -> dict[tuple[int, int], bytes]:
    places = [tile.level for tile in tiles], [tile.number for tile in tiles]
    rows = fetch_rows(TILES, (log_id, *places)) if tiles else []
    return {(level, number): data for level, number, data in rows}


# For readers of the public addresses


class Log(NamedTuple):
    """What its readers need to know of a log, with the status of its letter ("" for the log of the site)."""

    id: int
    letter_id: int | None
    origin: str
    size: int
    status: str


NAMED = """
SELECT log.id, log.letter_id, log.origin, log.size, coalesce(letter.status, '')
FROM letters_ledgerlog log LEFT JOIN letters_letter letter ON letter.id = log.letter_id
WHERE log.name = %s
"""


def log_named(name: str) -> Log | None:
    """Return the log with this name in addresses: 12, 12.2, site."""
    row = fetch_row(NAMED, (name,))
    return Log(*row) if row else None


def newest_note(log: Log) -> str | None:
    """Return the newest checkpoint of a log as readers get it."""
    notes = LedgerCheckpoint.objects.filter(log=log.id).order_by("-size").values_list("note", flat=True)
    return notes.first()


# Performance: full tiles never change, and clients that check a letter ask for the same ones.
_full: "OrderedDict[tuple[int, int, int], bytes]" = OrderedDict()
MAX_FULL = 512
ENTRIES = -1


def tile_data(log: Log, level: int, number: int, width: int) -> bytes | None:
    """Return a tile, or the beginning of one; None unless the newest checkpoint has all of it."""
    if width > tlog.width_of(level, number, log.size):
        return None
    tile = Tile(level, number, width)
    with suppress(tlog.BadProof):  # Caches keep what we answer, so a tile that is cut off is none.
        return _kept((log.id, level, number), width, lambda: reader(log.id, [tile])(tile)[: width * HASH_SIZE])
    return None


def bundle_data(log: Log, number: int, width: int) -> bytes | None:
    """Return up to 256 entries with their lengths; None unless the newest checkpoint has all of them."""
    if width > tlog.width_of(0, number, log.size):
        return None
    with suppress(tlog.BadProof):
        return _kept((log.id, ENTRIES, number), width, partial(_bundle, log.letter_id, number * TILE_WIDTH, width))
    return None


def _bundle(letter_id: int | None, start: int, width: int) -> bytes:
    """Raises BadProof if entries are missing: the database was restored, or someone has deleted them."""
    if len(entries := _entries(letter_id, start, start + width)) != width:
        raise tlog.BadProof(f"Of the entries from {start} on, {width - len(entries)} are missing.")
    return tlog.bundle(entries)


def _kept(key: tuple[int, int, int], width: int, read: Callable[[], bytes]) -> bytes:
    if width < TILE_WIDTH:
        return read()
    data = _full.get(key)
    if data is None:
        data = _full[key] = read()
        while len(_full) > MAX_FULL:
            with suppress(KeyError):  # Race: another thread dropped the last one.
                _full.popitem(last=False)
    return data
