"""Make a backup while the site runs."""

import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from petition.backups import BackupError, database, logs, manifest, programs
from petition.backups.keys import refuse_beside, write_keys
from petition.backups.manifest import DUMP, Manifest

Say = Callable[[str], object]
OPTIONS = ["--format=custom", "--no-owner", "--no-privileges", "--no-password"]
OPTIONS += [f"--exclude-table-data={table}" for table in database.LEFT_OUT]


def make_backup(folder: Path, *, keys_to: Path | None, ledger_key_to: Path | None = None, say: Say) -> Manifest:
    """Write a backup to a new folder, which appears only when it is complete. Raises BackupError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} exists already. Give each backup a folder of its own.")
    for path in (keys_to, ledger_key_to):
        if path:
            refuse_beside(path, folder)
    new = _unfinished(folder.parent)
    try:
        made = _dump(new)
        if keys_to:
            is_new = write_keys(keys_to, made)
            say(f"The keys are in {keys_to}." if is_new else f"The keys in {keys_to} are still the same.")
        _keep_ledger_key(ledger_key_to, say)
        new.rename(folder)
        manifest.sync(folder.parent)
    except OSError as error:
        raise BackupError(f"The backup was not written to {folder.parent} ({error.strerror}).") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return made


def _keep_ledger_key(path: Path | None, say: Say) -> None:
    with database.connected() as connection:
        if path:
            is_new = logs.write_ledger_key(path, connection)
            say(f"The key of the logs is in {path}." if is_new else f"The key of the logs in {path} is still the same.")
        elif logs.has_signed_logs(connection):
            say("The key that signs the logs is not copied. --ledger-key-to copies it, or copy ledger.key yourself.")


def _unfinished(parent: Path) -> Path:
    """Create a folder with a temporary name, which only its owner can read."""
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".undersigned-", dir=parent))
    except OSError as error:
        raise BackupError(f"No backup can be written to {parent} ({error.strerror}).") from None


def _dump(folder: Path) -> Manifest:
    with database.snapshot() as snapshot:
        dump = programs.program("pg_dump", least=snapshot.version)
        path = folder / DUMP
        path.touch(mode=0o600)
        # The dump and the counts are of the same moment, however many people sign meanwhile.
        programs.call(dump, *OPTIONS, f"--snapshot={snapshot.id}", f"--file={path}", database=database.variables())
        manifest.sync(path)
        made = Manifest(
            program=installed_version(),
            postgresql=programs.version_of(dump),
            taken_at=snapshot.taken_at.isoformat(),
            migrations=snapshot.migrations(),
            files={DUMP: manifest.describe(path)},
            keys=snapshot.keys(),
            counts=snapshot.counts(),
        )
    made.write(folder)
    return made


def installed_version() -> str:
    try:
        return version("undersigned")
    except PackageNotFoundError:
        return "from its source"
