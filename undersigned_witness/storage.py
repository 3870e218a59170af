"""What a witness remembers: its keys, the logs that it trusts, and the last checkpoint of each. One SQLite file.

Durability: a commit returns after the file system has written (`synchronous = EXTRA`), and the answer leaves after the
commit. A witness that forgot what it signed would sign a second history.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from undersigned_witness.notes import Checkpoint, Cosigner, Key

FILE = "witness.sqlite3"
SEED_BYTES = 32
BUSY_SECONDS = 10.0
# Refused checkpoints with a valid signature are kept, so many for each log. Abuse: anyone can send a state of the log
# with a proof that does not fit. So there is room left for what nobody but the log can have made.
MAX_EVIDENCE = 100
MAX_CERTAIN = 200

SCHEMA = """
CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 1), name TEXT NOT NULL, ed25519 BLOB NOT NULL,
    mldsa44 BLOB NOT NULL) STRICT;
CREATE TABLE trusted (origin TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey)) STRICT;
CREATE TABLE seen (origin TEXT PRIMARY KEY, origin_hash TEXT NOT NULL UNIQUE, size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE evidence (id INTEGER PRIMARY KEY, origin TEXT NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL,
    UNIQUE (origin, note)) STRICT;
-- The storage refuses, too, what the program must never write.
CREATE TRIGGER never_shrinks BEFORE UPDATE ON seen WHEN new.size < old.size
    OR (new.size = old.size AND new.root != old.root) OR new.origin != old.origin
    BEGIN SELECT raise(ABORT, 'a log only grows'); END;
CREATE TRIGGER never_forgets BEFORE DELETE ON seen BEGIN SELECT raise(ABORT, 'a witness forgets no log'); END;
"""


class NotSetUp(Exception):
    """The folder has no witness, or already has one. The message says what to do."""


@dataclass(frozen=True)
class Seen:
    """The last checkpoint of a log that was cosigned."""

    origin: str
    size: int
    root: bytes
    note: str
    at: int


class Storage:
    """The file of one witness. Each thread and each process opens its own."""

    def __init__(self, folder: Path) -> None:
        """Open the file. Raises NotSetUp."""
        path = folder / FILE
        if not path.exists():
            raise NotSetUp(f"There is no witness in {folder}. Make one: undersigned-witness init NAME")
        self.database = _connect(path)

    @staticmethod
    def create(folder: Path, name: str) -> "Storage":
        """Make a witness with new keys. Raises NotSetUp if the folder has one."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE
        try:
            # Security: the file holds private keys, so nobody else may read it, not for a moment.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError as there:
            raise NotSetUp(
                f"{path} exists: a witness keeps its keys and what it has seen. Choose another folder."
            ) from there
        database = _connect(path)
        seeds = secrets.token_bytes(SEED_BYTES), secrets.token_bytes(SEED_BYTES)
        database.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        database.execute("INSERT INTO identity VALUES (1, ?, ?, ?)", (name, *seeds))
        database.close()
        return Storage(folder)

    def close(self) -> None:
        self.database.close()

    def cosigner(self) -> Cosigner:
        row = self.database.execute("SELECT name, ed25519, mldsa44 FROM identity").fetchone()
        if row is None:
            raise NotSetUp("This witness was not set up to the end. Delete its file, and run init again.")
        return Cosigner.from_seeds(*row)

    def trust(self, origin: str, key: Key) -> None:
        """Trust a key for a log. Idempotent."""
        self.database.execute("INSERT OR IGNORE INTO trusted VALUES (?, ?)", (origin, str(key)))

    def distrust(self, origin: str, key: Key) -> bool:
        """Trust a key for a log no longer. What was seen of the log stays. Returns whether it was trusted."""
        return bool(
            self.database.execute("DELETE FROM trusted WHERE (origin, vkey) = (?, ?)", (origin, str(key))).rowcount
        )

    def keys_of(self, origin: str) -> list[Key]:
        rows = self.database.execute("SELECT vkey FROM trusted WHERE origin = ? ORDER BY vkey", (origin,))
        return [Key.parse(vkey) for (vkey,) in rows]

    def logs(self) -> list[tuple[str, Seen | None]]:
        """Return each trusted log with what was last seen of it."""
        rows = self.database.execute("SELECT DISTINCT origin FROM trusted ORDER BY origin").fetchall()
        return [(origin, self.seen(origin)) for (origin,) in rows]

    def seen(self, origin: str) -> Seen | None:
        return self._seen("origin", origin)

    def seen_by_hash(self, origin_hash: str) -> Seen | None:
        return self._seen("origin_hash", origin_hash)

    def _seen(self, column: str, value: str) -> Seen | None:
        statement = f"SELECT origin, size, root, note, at FROM seen WHERE {column} = ?"  # noqa: S608 -- our own columns
        row = self.database.execute(statement, (value,)).fetchone()
        return row and Seen(*row)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Let nobody else write from here to the commit. Race: two requests must not both build on the same size."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    def remember(self, checkpoint: Checkpoint, origin_hash: str, note: str, at: int) -> None:
        """Replace what was seen of a log. Call it while deciding."""
        self.database.execute(
            "INSERT INTO seen VALUES (:origin, :hash, :size, :root, :note, :at) ON CONFLICT (origin) DO UPDATE SET "
            "size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at",
            {
                "origin": checkpoint.origin,
                "hash": origin_hash,
                "size": checkpoint.size,
                "root": checkpoint.root,
                "note": note,
                "at": at,
            },
        )

    def keep_evidence(self, origin: str, note: str, at: int, *, is_certain: bool) -> None:
        """Keep a checkpoint that the log signed and that was refused, `is_certain` if it shows a second history."""
        kept = self.database.execute("SELECT count(*) FROM evidence WHERE origin = ?", (origin,)).fetchone()[0]
        if kept < (MAX_CERTAIN if is_certain else MAX_EVIDENCE):
            values = (origin, note, at)
            self.database.execute("INSERT OR IGNORE INTO evidence (origin, note, at) VALUES (?, ?, ?)", values)

    def evidence(self) -> list[tuple[str, str, int]]:
        return self.database.execute("SELECT origin, note, at FROM evidence ORDER BY id").fetchall()


def _connect(path: Path) -> sqlite3.Connection:
    # isolation_level: transactions begin where the code says so.
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    database.execute("PRAGMA journal_mode = DELETE")
    database.execute("PRAGMA synchronous = EXTRA")
    return database
