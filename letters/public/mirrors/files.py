"""Keep the newest bundle of each letter as a file, which the web server sends as it is.

The database keeps what is known of it (`Bundle`), and the file can be made again, so nothing is lost with it. The web
server and the worker of the queue "exports" must see the same folder.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings

from letters.models import Bundle
from letters.shared import built_files
from letters.shared.built_files import BLOCK, create, delete_old, folder_of, unfinished_in

# A file that is still unfinished after this time was left by a killed worker.
ABANDONED_AFTER = timedelta(hours=6)
# So many characters of the hash are in the name.
DIGEST_LENGTH = 16


def name_of(bundle: Bundle) -> str:
    """Return the name of the file. It always means the same bytes."""
    return f"{bundle.letter_id}-{bundle.version}-{bundle.sha256[:DIGEST_LENGTH]}.zip"


def path_of(bundle: Bundle) -> Path:
    return _folder() / name_of(bundle)


def building(letter_id: int) -> AbstractContextManager[bool]:
    """Lock this letter's bundle for writing; yield whether the lock is ours."""
    return built_files.building(_folder(), str(letter_id))


@contextmanager
def unfinished() -> Iterator[Path]:
    """Yield the path of a new, empty file. It is deleted afterwards unless it was kept."""
    path = unfinished_in(_folder())
    create(path).close()
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


def delete_abandoned(now: datetime) -> None:
    """Delete what a killed worker left."""
    delete_old(_folder().glob("*.unfinished"), after=ABANDONED_AFTER, now=now)


def _folder() -> Path:
    return folder_of(settings.MIRRORS_DIR)
