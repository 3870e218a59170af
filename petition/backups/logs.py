"""What a backup does about the signed logs.

The key that signs them goes to a file of its own, for the worker that signs: never into the folder, and never among the
other keys, which the web server reads. LEDGER_DIR is in no backup. It says what was signed, and must know more than a
database that is restored; a copy from the same moment would let the worker sign a second history.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.conf import settings

from letters.public.ledger.keys import NoKey, signers
from letters.shared.notes import parse_checkpoint
from letters.shared.tlog import BadProof
from petition.backups import BackupError
from petition.backups.manifest import durable

PUBLIC_KEYS = "SELECT kind, key FROM letters_ledgerkey"
# What was signed last of each log that grows, as a checkpoint says it.
SIGNED = """
SELECT name, origin || E'\\n' || size || E'\\n' || encode(root, 'base64') || E'\\n' FROM letters_ledgerlog
WHERE closed_at IS NULL AND size > 0 ORDER BY id
"""
CLOSED = "SELECT name FROM letters_ledgerlog WHERE closed_at IS NOT NULL"


def write_ledger_key(path: Path, connection: psycopg.Connection) -> bool:
    """Write the key of the logs to a file that only its owner can read. Returns False if it is there already.

    Raises BackupError if this process has no such key, for a key that has signed nothing here, and for a file with
    other content.
    """
    try:
        ours = {(int(key.kind), key.key) for signer in signers() for key in signer.verifier_keys("")}
    except NoKey:
        raise BackupError("This process has no key of the logs. Set LEDGER_KEY_FILE for this command.") from None
    if not ours & _public_keys(connection):
        raise BackupError("The key in LEDGER_KEY_FILE has not signed the logs of this site. Name the right file.")
    content = f"{','.join(settings.READ_LEDGER_KEYS())}\n".encode()
    try:
        if path.exists():
            if path.read_bytes().strip() == content.strip():
                return False
            raise BackupError(f"{path} exists and holds something else. Name another file.")
        durable(path, content)
    except OSError as error:
        raise BackupError(f"The key of the logs cannot be written to {path} ({error.strerror}).") from None
    return True


def has_signed_logs(connection: psycopg.Connection) -> bool:
    return bool(_public_keys(connection))


def _public_keys(connection: psycopg.Connection) -> set[tuple[int, bytes]]:
    if not _exists(connection, "letters_ledgerkey"):
        return set()
    return {(kind, bytes(key)) for kind, key in connection.execute(PUBLIC_KEYS)}


def what_is_next(connection: psycopg.Connection) -> Iterator[str]:
    """Yield what to do about the logs of a database that was just restored. The worker decides: it looks again."""
    if not _exists(connection, "letters_ledgerlog") or not (signed := connection.execute(SIGNED).fetchall()):
        return
    folder = Path(settings.LEDGER_DIR)
    kept = {path.name.removesuffix(".checkpoint"): _text_of(path) for path in folder.glob("*.checkpoint")}
    behind = [name for name, text in signed if kept.get(name) != text]
    # Other logs were begun after the backup.
    known = {name for name, _ in signed} | {name for (name,) in connection.execute(CLOSED)}
    behind += sorted(kept.keys() - known)
    if not kept:
        yield (
            f"{folder} has no checkpoints. If another machine signs, leave its LEDGER_DIR as it is. If it is lost, no "
            "log can go on: run `undersigned close_log --all-in-doubt` once the worker has found them in doubt."
        )
    elif behind:
        yield (
            f"These logs were signed further than this backup goes: {', '.join(behind)}. The worker will refuse. "
            f"Leave {folder} as it is, and read docs/running.md, “A log in doubt”, before you run "
            "`undersigned close_log`."
        )
    else:
        yield f"The signed logs end where this backup ends, as {folder} says. The worker goes on with them."


def _text_of(path: Path) -> str:
    try:
        return parse_checkpoint(path.read_text(encoding="utf-8"))[0].text
    except (OSError, UnicodeDecodeError, BadProof):
        return ""


def _exists(connection: psycopg.Connection, table: str) -> bool:
    """Return whether a backup is new enough to have this table."""
    found = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
    return bool(found and found[0])
