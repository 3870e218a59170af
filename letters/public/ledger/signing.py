"""Sign checkpoints of the logs, in tiles that anyone can check, and never a second history.

A log must never sign a checkpoint that contradicts one that it signed before. So each is compared with the newest one
that this machine remembers outside the database. If they do not fit, the log is in doubt: nothing is signed, until a
person has looked (docs/running.md) and closed the log. People can sign the letter meanwhile.
"""

import logging
import math
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from letters.base.changes.operations import change_letter_unasked
from letters.base.ledger_logs.queries import entries_between, entries_in, open_log, public_keys, reader
from letters.models import SITE, LedgerCheckpoint, LedgerKey, LedgerLog, Letter
from letters.public.ledger import memory
from letters.public.ledger.keys import publish_keys, signers
from letters.shared import tlog
from letters.shared.notes import Checkpoint, Note, Signer, VerifierKey
from letters.shared.sql import execute, fetch_rows
from letters.shared.tlog import Tile, TileReader

log = logging.getLogger(__name__)

# The least time between two checkpoints of one log, and between two entries about one letter in the log of the site.
SIGN_EVERY = timedelta(seconds=5)
TELL_SITE_EVERY = timedelta(minutes=1)
# Memory: so many entries at a time. A multiple of 256, so that the tiles between are full.
ENTRIES_AT_ONCE = 64 * tlog.TILE_WIDTH
LOGS_AT_ONCE = 1000
# Seconds between two comparisons of all logs with what this machine remembers.
COMPARE_ALL_EVERY = 600
# After this long, of the checkpoints of a day only the last one stays.
THINNED_AFTER = timedelta(hours=2)

Doubt = LedgerLog.Doubt


class InDoubt(Exception):
    """The database contradicts what was signed."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.label)
        self.doubt = doubt


class Keys(NamedTuple):
    """What one run signs with, and every key that has signed, which it reads once for all logs."""

    private: list[Signer]
    public: list[LedgerKey]

    def under(self, current: LedgerLog) -> list[VerifierKey]:
        return [key.under(current.origin) for key in self.public]


class Grown(NamedTuple):
    """A log with more entries than are signed: its new tiles, and what to sign."""

    tiles: dict[tuple[int, int], bytes]
    checkpoint: Checkpoint


def sign_logs(*, now: datetime) -> None:
    """Sign each log that has new entries, and tell the log of the site. Raises NoKey in a process without the key.

    Safe in two workers at once: each log is signed by one, and the other goes on.
    """
    keys = keys_to_use(now=now)
    open_new_logs()
    if _looked.is_due():
        compare_all(keys, now=now)
    for log_id in logs_behind(now):
        sign_log(log_id, keys, now=now)
    tell_site(keys, now=now)


def keys_to_use(*, now: datetime) -> Keys:
    """Return the keys of this process after storing the public ones. Raises NoKey."""
    ours = signers()
    publish_keys(ours, now=now)
    return Keys(ours, public_keys())


class _Looked:
    """When this process last compared all logs with what this machine remembers: at its start, and now and then."""

    def __init__(self) -> None:
        self.at = -math.inf

    def is_due(self) -> bool:
        is_due = time.monotonic() - self.at > COMPARE_ALL_EVERY
        if is_due:
            self.at = time.monotonic()
        return is_due


_looked = _Looked()


def compare_all(keys: Keys, *, now: datetime) -> None:
    """Find logs that the database has lost a part of, also those that nobody signs now.

    A database that was restored has no new entries at first.
    """
    for current in LedgerLog.objects.current().filter(doubt="").order_by("pk").iterator(chunk_size=LOGS_AT_ONCE):
        if (current.size or memory.knows(current)) and not _fits(current, keys):
            sign_log(current.pk, keys, now=now)


def _fits(current: LedgerLog, keys: Keys) -> bool:
    try:
        is_same = memory.remembered(current, keys.under(current)) == current.checkpoint()
    except memory.Unreadable:
        return False
    return is_same and entries_in(current) >= current.size


def sign_log(log_id: int, keys: Keys, *, now: datetime) -> None:
    """Sign one log, as far as it goes. If it is in doubt, note that, and say so on the letter's page."""
    try:
        while _sign_some(log_id, keys, now=now):
            pass
    except InDoubt as found:
        _note_doubt(log_id, found.doubt, now=now)


NEW_LOGS = """
INSERT INTO letters_ledgerlog (letter_id, name, origin)
SELECT letter.id, letter.id::text, split_part(entry.data, ' ', 3)
FROM letters_letter letter JOIN letters_ledgerentry entry ON entry.letter_id = letter.id AND entry.index = 0
WHERE letter.status <> 'draft' AND NOT EXISTS (SELECT 1 FROM letters_ledgerlog known WHERE known.letter_id = letter.id)
ON CONFLICT DO NOTHING
"""


def open_new_logs() -> None:
    """Open a log for each public letter that has entries. Its first entry has its origin."""
    execute(NEW_LOGS)
    if open_log(None) is None:
        host = settings.SITE_URL.partition("//")[2]
        LedgerLog.objects.bulk_create([LedgerLog(name=SITE, origin=f"{host}/log/{SITE}")], ignore_conflicts=True)


BEHIND = """
SELECT log.id FROM letters_ledgerlog log
CROSS JOIN LATERAL (
    SELECT entry.index FROM letters_ledgerentry entry WHERE entry.letter_id = log.letter_id
    ORDER BY entry.index DESC LIMIT 1
) newest
WHERE log.closed_at IS NULL AND newest.index >= log.size AND (log.signed_at IS NULL OR log.signed_at <= %s)
ORDER BY log.signed_at NULLS FIRST, log.id
LIMIT %s
"""


def logs_behind(now: datetime) -> list[int]:
    """Return the letters' logs that have entries without a signature, and were not signed just now."""
    return [log_id for (log_id,) in fetch_rows(BEHIND, (now - SIGN_EVERY, LOGS_AT_ONCE))]


@transaction.atomic
def _sign_some(log_id: int, keys: Keys, *, now: datetime) -> bool:
    """Sign the next entries of a log. Returns whether more wait."""
    # Race: two signers of one log would both extend the same tiles.
    locked = LedgerLog.objects.current().select_for_update(no_key=True, skip_locked=True).filter(pk=log_id)
    if (current := locked.first()) is None:
        return False
    total = entries_in(current)
    grown = grow(current, total, keys)
    if grown is None:
        return False
    said = grown.checkpoint
    note = str(Note(said.text, [signature for signer in keys.private for signature in signer.sign(said)]))
    # Fork: outside the database before the commit makes it public. If this process is killed in between, the next one
    # finds a checkpoint that the database does not have, and that fits the same entries.
    memory.remember(current, note)
    _store_tiles(current.pk, grown.tiles)
    LedgerCheckpoint.objects.create(log=current, size=said.size, root=said.root, note=note, created_at=now)
    LedgerLog.objects.filter(pk=current.pk).update(
        size=said.size, root=said.root, signed_at=now, doubt="", doubted_at=None
    )
    execute(THIN, {"log": current.pk, "before": now - THINNED_AFTER})
    if current.doubt and (letter_id := current.letter_id):
        transaction.on_commit(lambda: _show_doubt(letter_id, False, now=now))
    return said.size < total


def grow(current: LedgerLog, total: int, keys: Keys) -> Grown | None:
    """Return what the log becomes with its next entries; None if it has none.

    Raises InDoubt unless everything that was signed is a beginning of it.
    """
    kept = _remembered(current, keys)
    if current.size and kept is None:
        raise InDoubt(Doubt.FORGOTTEN)
    if max(current.size, kept.size if kept else 0) > total:
        raise InDoubt(Doubt.BEHIND)
    # Fork: at least as far as was signed. A smaller state would go unchecked, and the folder forget the larger one.
    end = min(total, max(current.size + ENTRIES_AT_ONCE, kept.size if kept else 0))
    try:
        read_old = reader(current.pk, tlog.edge_of(current.size))
        if current.size and tlog.root_at(current.size, read_old) != bytes(current.root or b""):
            raise InDoubt(Doubt.TILES)
        entries = entries_between(current, current.size, end)
        if len(entries) != end - current.size:
            raise InDoubt(Doubt.GAP)
        hashes = [tlog.leaf_hash(entry) for entry in entries]
        tiles = {(tile.level, tile.number): data for tile, data in tlog.grow(current.size, hashes, read_old)}
        read = _over(tiles, read_old)
        if kept and tlog.root_at(kept.size, read) != kept.root:
            raise InDoubt(Doubt.DIFFERS)
        return Grown(tiles, Checkpoint(current.origin, end, tlog.root_at(end, read))) if entries else None
    except tlog.BadProof:
        raise InDoubt(Doubt.TILES) from None


def _remembered(current: LedgerLog, keys: Keys) -> Checkpoint | None:
    try:
        return memory.remembered(current, keys.under(current))
    except memory.Unreadable:
        raise InDoubt(Doubt.UNREADABLE) from None


def _over(tiles: dict[tuple[int, int], bytes], below: TileReader) -> TileReader:
    """Return a reader that knows new tiles, and asks another one for the rest."""

    def read(tile: Tile) -> bytes:
        return tiles.get((tile.level, tile.number)) or below(tile)

    return read


STORE = """
INSERT INTO letters_ledgertile (log_id, level, number, data)
SELECT %s, * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
ON CONFLICT (log_id, level, number) DO UPDATE SET data = excluded.data
"""


def _store_tiles(log_id: int, tiles: dict[tuple[int, int], bytes]) -> None:
    """Store new tiles, and replace those that have become wider."""
    execute(STORE, (log_id, [level for level, _ in tiles], [number for _, number in tiles], list(tiles.values())))


THIN = """
DELETE FROM letters_ledgercheckpoint old
WHERE old.log_id = %(log)s AND old.created_at < %(before)s AND EXISTS (
    SELECT 1 FROM letters_ledgercheckpoint newer
    WHERE newer.log_id = old.log_id AND newer.size > old.size
        AND (newer.created_at AT TIME ZONE 'UTC')::date = (old.created_at AT TIME ZONE 'UTC')::date
)
"""


def _note_doubt(log_id: int, doubt: Doubt, *, now: datetime) -> None:
    """Say loudly that a log is in doubt: in the log of the program, in the checks, and on the letter's page."""
    with transaction.atomic():
        current = LedgerLog.objects.current().select_for_update(no_key=True).filter(pk=log_id).first()
        if current is None:
            return
        if current.doubt == doubt:
            return
        log.error("The log %s is not signed: %s. docs/running.md says what to do.", current.origin, doubt.label)
        current.doubt, current.doubted_at = doubt, current.doubted_at or now
        current.save(update_fields=["doubt", "doubted_at"])
    if current.letter_id:
        _show_doubt(current.letter_id, True, now=now)


@transaction.atomic
def _show_doubt(letter_id: int, is_doubted: bool, *, now: datetime) -> None:
    letter = Letter.objects.select_related("collective").get(pk=letter_id)
    change = change_letter_unasked(letter, by=None, now=now)
    if letter.record_doubted != is_doubted:
        change.update(record_doubted=is_doubted)


# The log of the site

# Privacy: of a letter that was taken down, it tells nothing new, as nothing of its own log is served.
TELL = """
WITH telling AS (
    SELECT log.id, log.origin || E'\\n' || log.size || E'\\n' || encode(log.root, 'base64') || E'\\n' AS said,
        row_number() OVER (ORDER BY log.id) AS place
    FROM letters_ledgerlog log JOIN letters_letter letter ON letter.id = log.letter_id
    WHERE letter.status <> 'taken_down' AND log.closed_at IS NULL AND log.size > log.told_size AND log.doubt = ''
    ORDER BY log.id LIMIT %(most)s
), told AS (
    UPDATE letters_ledgerlog log SET told_size = log.size FROM telling WHERE log.id = telling.id
)
INSERT INTO letters_sitelogentry (index, data)
SELECT %(first)s + place, said FROM telling
"""


def tell_site(keys: Keys, *, now: datetime) -> None:
    """Append the letters' new checkpoints to the log of the site at most once a minute, and sign it."""
    site = open_log(None)
    if site is None:
        return
    if site.signed_at is None or site.signed_at <= now - TELL_SITE_EVERY:
        with transaction.atomic():
            locked = LedgerLog.objects.current().select_for_update(no_key=True, skip_locked=True).filter(pk=site.pk)
            # While it is in doubt, it must not grow either: the successor begins with what can be signed.
            if (site := locked.first()) is None:
                return
            total = entries_in(site)
            if not site.doubt and total == site.size:
                execute(TELL, {"most": LOGS_AT_ONCE, "first": total - 1})
        sign_log(site.pk, keys, now=now)
