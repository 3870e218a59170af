"""Write a ZIP whose bytes depend on its content alone: no clock, no machine, no order of a dictionary.

The last file, SHA256SUMS, names the hash of every other, so that a copy that someone has unpacked can be checked too.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

SUMS = "SHA256SUMS"
# The oldest day that a ZIP can name.
FIRST_YEAR = 1980
# UNIX, and a file that everyone may read.
SYSTEM, RIGHTS = 3, 0o100644
# These are compressed already.
PACKED = (".webp", ".woff2", ".pdf")
# A file of four gigabytes or more needs another kind of ZIP. No list of names is that long.
MAX_BYTES = 2**32 - 2**20


@dataclass(frozen=True)
class File:
    """A file of a bundle. Memory: its parts are read when their turn comes."""

    name: str
    parts: Iterable[bytes]


class TooLarge(Exception):
    """A file is too large for a ZIP that every program can open."""


def write_zip(path: Path, files: Iterable[File], *, day: date) -> str:
    """Write the files in the order given, each with midnight of `day` as its time.

    Return the SHA-256 of SHA256SUMS in hexadecimal. Raises TooLarge.
    """
    with ZipFile(path, "w") as archive:
        sums = [f"{_write(archive, file, day)}  {file.name}\n".encode() for file in files]
        return _write(archive, File(SUMS, sums), day)


def _write(archive: ZipFile, file: File, day: date) -> str:
    """Write one file, and return its SHA-256 in hexadecimal."""
    entry = ZipInfo(file.name, date_time=(max(day.year, FIRST_YEAR), day.month, day.day, 0, 0, 0))
    entry.create_system, entry.external_attr = SYSTEM, RIGHTS << 16
    entry.compress_type = ZIP_STORED if file.name.endswith(PACKED) else ZIP_DEFLATED
    sha256, size = hashlib.sha256(), 0
    with archive.open(entry, "w") as output:
        for part in file.parts:
            sha256.update(part)
            size += len(part)
            if size > MAX_BYTES:
                raise TooLarge(file.name)
            output.write(part)
    return sha256.hexdigest()
