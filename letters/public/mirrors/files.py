"""Keep the newest bundle of each letter as a file, which the web server sends as it is.

The database keeps what is known of it (`Bundle`), and the file can be made again, so nothing is lost with it. The web
server and the worker of the queue "exports" must see the same folder.
"""

import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

from letters.models import Bundle

BLOCK = 256 * 1024
# A file that is still unfinished after this time was left by a killed worker.
ABANDONED_SECONDS = 6 * 60 * 60
# So many characters of the hash are in the name.
DIGEST_LENGTH = 16


def name_of(bundle: Bundle) -> str:
    """Return the name of the file. It always means the same bytes."""
    return f"{bundle.letter_id}-{bundle.version}-{bundle.sha256[:DIGEST_LENGTH]}.zip"


def path_of(bundle: Bundle) -> Path:
    return _folder() / name_of(bundle)


@contextmanager
def building(letter_id: int) -> Iterator[bool]:
    """Lock this letter's bundle for writing; yield whether the lock is ours. A killed worker loses its lock.

    Race: if two workers made it at once, the older one could be finished last and replace the newer one.
    """
    # Race: never delete this empty file. Two workers could then lock two different files of the same name.
    with (_folder() / f"{letter_id}.building").open("ab") as lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def unfinished() -> Iterator[Path]:
    """Yield the path of a new, empty file. It is deleted afterwards unless it was kept."""
    path = _folder() / f"{secrets.token_hex(8)}.unfinished"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def keep(made: Path, bundle: Bundle) -> None:
    """Give a finished file its name, and delete the older ones of its letter.

    Privacy: an older file may hold the name of a person who has withdrawn.
    """
    path = path_of(bundle)
    made.replace(path)
    for other in _folder().glob(f"{bundle.letter_id}-*.zip"):
        if other != path:
            other.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blocks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(BLOCK), b"")


def open_for_reading(bundle: Bundle) -> IO[bytes]:
    """Raises FileNotFoundError if the file must be made again."""
    return path_of(bundle).open("rb")


def delete_abandoned() -> None:
    """Delete what a killed worker left."""
    for path in _folder().glob("*.unfinished"):
        try:
            age = time.time() - path.stat().st_mtime
        except FileNotFoundError:
            continue  # Race: a worker has just finished this file and renamed it.
        if age > ABANDONED_SECONDS:
            path.unlink(missing_ok=True)


def _folder() -> Path:
    path = Path(settings.MIRRORS_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
