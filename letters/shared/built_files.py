"""Files that a worker builds in a folder and the web server sends as they are: whole lists, and copies of letters."""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

# Larger blocks than Django's default, for a file that may have a hundred megabytes.
BLOCK = 256 * 1024


def folder_of(path: Path | str) -> Path:
    """Return the folder, which only its owner can read. Create it if it is missing."""
    folder = Path(path)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def building(folder: Path, name: str) -> Iterator[bool]:
    """Lock what has this name for writing; yield whether the lock is ours. A killed worker loses its lock.

    Denial of service: while a file is built, each reader asks for it again. Without the lock, all workers would build
    the same file.
    Race: if two workers built it at once, the older one could be finished last and replace the newer one.
    """
    # Race: never delete this empty file. Two workers could then lock two different files of the same name.
    with (folder / f"{name}.building").open("ab") as lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def unfinished_in(folder: Path) -> Path:
    """Return a path for a file until it is finished and renamed."""
    return folder / f"{secrets.token_hex(8)}.unfinished"


def create(path: Path) -> IO[bytes]:
    """Create a file that only its owner can read. Raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def delete_old(paths: Iterable[Path], *, after: timedelta, now: datetime) -> None:
    """Delete those of these files that were written so long ago: a killed worker left them."""
    for path in paths:
        try:
            written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue  # Race: a worker has just finished this file and renamed it.
        if now - written_at > after:
            path.unlink(missing_ok=True)
