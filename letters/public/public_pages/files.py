"""Keep the whole list of a large letter as a file, which a worker builds and the web server sends as it is.

Denial of service: reading a million names takes half a minute, so a few such requests would hold every thread of the
web server. The web server and the worker of the queue "exports" must see the same folder.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from gzip import GzipFile
from pathlib import Path
from typing import Literal

from django.conf import settings

from letters.shared import built_files
from letters.shared.built_files import create, delete_old, folder_of, unfinished_in

# A list with more numbers than this is built in the background; a shorter one is built while its reader waits.
LARGE_LIST = 5000
# The least time between two builds of a list, however often the letter changes.
REBUILD_INTERVAL = timedelta(seconds=60)
# Privacy: an outdated list is sent for no longer than this after it was read from the database. It may hold the name
# of a person who has withdrawn since. The page of the list states this time.
MAX_OUTDATED_TIME = timedelta(seconds=120)
# Compressing harder than this takes longer than reading the list, and saves a tenth.
COMPRESSION = 3
# A file that is still unfinished after this time was left by a killed worker.
ABANDONED_AFTER = timedelta(hours=1)


# A letter's list is kept as CSV and as JSON, each built when a reader asks for it.
Ending = Literal["csv", "json"]
ENDINGS: tuple[Ending, ...] = ("csv", "json")


@dataclass(frozen=True)
class BuiltList:
    path: Path
    letter_id: int
    # The letter's version and the time, both from when the worker began to read.
    version: int
    began_at: datetime

    def may_be_sent(self, version: int, now: datetime) -> bool:
        return self.version == version or now - self.began_at <= MAX_OUTDATED_TIME

    def should_be_rebuilt(self, version: int, now: datetime) -> bool:
        return self.version != version and now - self.began_at >= REBUILD_INTERVAL


def newest_list(letter_id: int, ending: Ending = "csv") -> BuiltList | None:
    return max(_lists(f"{letter_id}-*.{ending}"), key=lambda built: (built.version, built.began_at), default=None)


def building(letter_id: int, ending: Ending = "csv") -> AbstractContextManager[bool]:
    """Lock this list for writing; yield whether the lock is ours."""
    return built_files.building(_folder(), f"{letter_id}-{ending}")


def write_list(
    letter_id: int,
    *,
    version: int,
    parts: Iterable[bytes],
    began_at: datetime,
    ending: Ending = "csv",
) -> BuiltList:
    """Write a list to a new file, plain and compressed, then delete the older files of this letter."""
    name = f"{letter_id}-{version}-{int(began_at.timestamp())}.{ending}"
    path, unfinished = _folder() / name, unfinished_in(_folder())
    compressed, twin = compressed_of(path), unfinished.with_name(f"z{unfinished.name}")
    try:
        with (
            create(unfinished) as file,
            create(twin) as small,
            GzipFile("", "wb", COMPRESSION, small) as packer,
        ):
            for part in parts:
                file.write(part)
                packer.write(part)
        # Race: a reader who finds the list finds its compressed twin, too.
        twin.replace(compressed)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
        twin.unlink(missing_ok=True)
    for built in _lists(f"{letter_id}-*.{ending}"):
        if built.path != path:
            delete_list(built)
    return BuiltList(path, letter_id, version, began_at)


def compressed_of(path: Path) -> Path:
    return path.with_suffix(f"{path.suffix}.gz")


def delete_list(built: BuiltList) -> None:
    built.path.unlink(missing_ok=True)
    compressed_of(built.path).unlink(missing_ok=True)


def all_lists() -> list[BuiltList]:
    return [built for ending in ENDINGS for built in _lists(f"*.{ending}")]


def delete_abandoned(now: datetime) -> None:
    """Delete what a killed worker left: unfinished files, and compressed ones without the list that belongs to them."""
    alone = [path for path in _folder().glob("*.gz") if not path.with_suffix("").exists()]
    delete_old([*_folder().glob("*.unfinished"), *alone], after=ABANDONED_AFTER, now=now)


def _folder() -> Path:
    return folder_of(settings.PUBLIC_LISTS_DIR)


def _lists(pattern: str) -> Iterator[BuiltList]:
    for path in _folder().glob(pattern):
        parts = path.stem.split("-")
        if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts):
            letter_id, version, began = map(int, parts)
            yield BuiltList(path, letter_id, version, datetime.fromtimestamp(began, UTC))
