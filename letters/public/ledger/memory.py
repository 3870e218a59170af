"""Remember the newest checkpoint of each log outside the database, in one small file for each.

A database that was restored, or a standby that took over, may lack entries that were signed. It cannot know that; this
folder does. Fork: a checkpoint is written here before anyone can read it, so that the folder never knows less than a
reader.
"""

import os
import tempfile
from pathlib import Path

from django.conf import settings

from letters.models import LedgerLog
from letters.shared.notes import Checkpoint, VerifierKey, is_signed_by, parse_checkpoint
from letters.shared.tlog import BadProof


class Unreadable(Exception):
    """The file is not what this site wrote."""


def remembered(log: LedgerLog, keys: list[VerifierKey]) -> Checkpoint | None:
    """Return the newest checkpoint that was signed, as this machine remembers it; None if it remembers none.

    Raises Unreadable for a file that cannot be read, is cut off, is of another log, or that none of the keys signed.
    """
    try:
        note = _file(log).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable from error
    try:
        checkpoint, parsed = parse_checkpoint(note)
        is_ours = [is_signed_by(key, checkpoint, parsed.signatures) for key in keys]
    except BadProof as error:
        raise Unreadable from error
    if checkpoint.origin != log.origin or not any(is_ours):
        raise Unreadable
    return checkpoint


def remember(log: LedgerLog, note: str) -> None:
    """Replace the file, and return only when the disk has it.

    A process that is killed leaves the old file or the new one, never a part of one.
    """
    path = _file(log)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".new-", delete=False) as new:
        new.write(note)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def knows(log: LedgerLog) -> bool:
    """Return whether this machine remembers the log."""
    return _file(log).exists()


def is_known(name: str) -> bool:
    """Return whether this machine remembers a log of this name, also one that the database has lost."""
    return _path(name).exists()


def _file(log: LedgerLog) -> Path:
    """Fork: the name comes from what is signed. Someone with SQL could change `log.name`, and the file with it."""
    return _path(log.origin.rpartition("/")[2])


def _path(name: str) -> Path:
    return Path(settings.LEDGER_DIR) / f"{name}.checkpoint"
