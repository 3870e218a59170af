"""The manifest of a backup: what it holds, so that a damaged or wrong one is noticed before anything is restored."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from petition.backups import BackupError

FORMAT = 1
NAME, DUMP = "manifest.json", "database.dump"
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Manifest:
    program: str
    # The major version of PostgreSQL that wrote the dump.
    postgresql: int
    # The moment of the snapshot, by the clock of the database (ISO 8601).
    taken_at: str
    # All migrations of the database: "letters.0100_export_parts" …
    migrations: list[str]
    # SHA-256 and length of each file.
    files: dict[str, dict[str, Any]]
    # The fingerprints under which data was written, by variable. They reveal nothing about the keys.
    keys: dict[str, list[str]]
    # For each letter by its id: how many signatures are in each state. "site" counts rows of important tables.
    counts: dict[str, dict[str, int]]
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)

    def write(self, folder: Path) -> None:
        content = {"manifest": asdict(self), "sha256": _of_content(asdict(self))}
        durable(folder / NAME, json.dumps(content, indent=1).encode())


def read(folder: Path) -> Manifest:
    """Return the manifest of a backup, whose files may still be damaged. Raises BackupError."""
    path = folder / NAME
    try:
        content = json.loads(path.read_bytes())
        inner = content["manifest"]
        is_whole, is_known = content["sha256"] == _of_content(inner), inner["format"] == FORMAT
    except FileNotFoundError:
        raise BackupError(f"{folder} is not a backup: it has no {NAME}.") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read ({error.strerror}).") from None
    except (ValueError, KeyError, TypeError):
        is_whole, is_known = False, True
    if not is_known:
        raise BackupError(f"{folder} was made by a newer version of Undersigned. Install that version first.")
    if not is_whole:
        raise BackupError(f"{path} is damaged. Use another backup.")
    return Manifest(**inner)


def verify(folder: Path) -> Manifest:
    """Return the manifest if each file is there and as it was written. Raises BackupError."""
    manifest = read(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size < expected["bytes"]:
                whole = expected["bytes"]
                raise BackupError(f"{path} is cut off: {size} of {whole} bytes are there. Use another backup.")
            found = describe(path)
        except FileNotFoundError:
            raise BackupError(f"{path} is missing. Copy the whole folder, or use another backup.") from None
        except OSError as error:
            raise BackupError(f"{path} cannot be read ({error.strerror}).") from None
        if found != expected:
            raise BackupError(f"{path} is damaged: its content has changed since the backup. Use another backup.")
    return manifest


def describe(path: Path) -> dict[str, Any]:
    """Return SHA-256 and length of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
        return {"sha256": digest.hexdigest(), "bytes": file.tell()}


def _of_content(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def durable(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, so that a power failure leaves all of it or nothing."""
    new = path.with_name(f".{path.name}.unfinished")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file or the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
