"""The page of a bundle that checks the record and receipts in the browser: from a disk, and without a network.

A page on a disk cannot read other files, but it can load scripts. So one script holds the files that the page reads.
For a long record it would be as large as the record itself. There, readers choose the folder "log" of their copy.
"""

import base64
import json
from collections.abc import Iterator

from letters.models import Letter
from letters.public.mirrors.archive import File
from letters.public.mirrors.record import CHECKPOINT, KEYS, LOG, Record, entries_of, keys_of
from letters.public.public_pages.data import count_of

# The script has some 140 bytes for each entry.
MOST_ENTRIES_IN_SCRIPT = 20_000
SCRIPTS = ("tlog.js", "ledger.js", "verify.js")
SAVED = "script/saved.js"
COUNT = "count"
# The numbers that the page compares with the sum of the entries.
COMPARED = ("published", "withdrawn", "removed", "texts")


def has_page(letter: Letter, record: Record) -> bool:
    """Return whether a bundle has the page.

    A letter that names nobody yet publishes no exact numbers. And if the newest entries are not signed yet, the sum
    differs from the count, which would look like a fault. Such a bundle is made again soon.
    """
    return bool(record.note) and record.is_whole and not letter.is_sealed


def is_long(record: Record) -> bool:
    """Return whether readers have to choose the folder of the record."""
    return record.size > MOST_ENTRIES_IN_SCRIPT


def context(record: Record) -> dict[str, object]:
    """Return what the page names: where its files are in the bundle, instead of on the site."""
    names = {"log_url": LOG, "keys_url": KEYS, "count_url": COUNT}
    return {"origin": record.origin, **names, "is_copy": True, "is_long": is_long(record)}


def saved_files(letter: Letter, record: Record) -> File:
    """Return the script with the files that the page reads. Memory: one bundle of entries at a time."""
    return File(SAVED, _script(letter, record))


def _script(letter: Letter, record: Record) -> Iterator[bytes]:
    counts = count_of(letter, letter.language, None)
    yield b"globalThis.savedFiles = {\n"
    yield _line(COUNT, json.dumps({name: counts[name] for name in COMPARED}).encode())
    yield _line(KEYS, keys_of(record))
    yield _line(CHECKPOINT, record.note.encode())
    if not is_long(record):
        for file in entries_of(record):
            yield _line(file.name, b"".join(file.parts))
    yield b"};\n"


def _line(name: str, data: bytes) -> bytes:
    return f"{json.dumps(name)}: {json.dumps(base64.b64encode(data).decode())},\n".encode()
