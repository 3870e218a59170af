"""Send a part of a file, so that a download that broke off can go on (RFC 9110, section 14).

Only one range is read. All that the header can say besides is ignored, as the standard allows, and the reader gets the
whole file. Denial of service: many small ranges in one request would cost much, and help nobody.
"""

import re
from typing import IO

RANGE = re.compile(r"bytes=(?P<first>[0-9]{0,15})-(?P<last>[0-9]{0,15})")


def part_asked(header: str, size: int) -> range | None:
    """Return which bytes of a file of this size a Range header asks for; None for all. Empty if it has none of them."""
    found = RANGE.fullmatch(header.strip())
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        return range(max(0, size - int(found["last"])), size)
    first, last = int(found["first"]), int(found["last"] or size)
    return range(first, min(last + 1, size)) if first <= last or not found["last"] else None


class Part:
    """A part of an open file, which is read and closed like a file."""

    def __init__(self, file: IO[bytes], part: range) -> None:
        file.seek(part.start)
        self._file, self._left = file, len(part)

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()
