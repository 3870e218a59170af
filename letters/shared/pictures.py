"""Re-encode uploads. Privacy: the result contains pixels and no hidden data."""

import hashlib
import hmac
import re
import tempfile
import threading
from dataclasses import dataclass
from html import escape
from pathlib import Path

from django.conf import settings

from letters.shared.sandbox import Failed, Limits, child

LARGEST_FILE = 10 * 1024 * 1024
FULL_WIDTH, SMALL_WIDTH = 2000, 800
# Forty megapixels need a fraction of this. The child process decodes (picture_child.py).
LIMITS = Limits(memory=1024**3, seconds=30)
ADDRESS = re.compile(r"/media/([0-9a-f]{32})-([1-9][0-9]{0,3})x([1-9][0-9]{0,3})\.webp")
# Denial of service: decoding a small file can take seconds and hundreds of megabytes. One lock for each web process
# prevents a child for each of many uploads.
AT_WORK = threading.Lock()
# The codes that tell the person why the child process has failed.
CODES = {"too_much": "too_many_pixels", "broken": "unreadable", "too_slow": "busy"}


class UnusablePicture(ValueError):
    """The upload cannot be used. `code` is "too_large", "too_many_pixels", "unreadable" or "busy"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Remade:
    """A picture in WebP, with a small version if it is wider than that."""

    width: int
    height: int
    full: bytes
    small: bytes

    def digest_for(self, letter_id: int) -> str:
        """Return the part of the URL that identifies this picture of a letter, so that the URL never shows another one.

        Privacy: it is a keyed hash, and differs for each letter. Otherwise anyone who has the same picture could find
        out whether a draft shows it.
        """
        message = b"picture:%d:" % letter_id + self.full
        return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:32]


def remake(data: bytes) -> Remade:
    """Re-encode an upload: EXIF-rotated, at most 2000 px wide, first frame only.

    Raises UnusablePicture, also while another upload is being decoded.
    """
    if len(data) > LARGEST_FILE:
        raise UnusablePicture("too_large")
    if not AT_WORK.acquire(blocking=False):
        raise UnusablePicture("busy")
    try:
        return _remade(data)
    finally:
        AT_WORK.release()


def _remade(data: bytes) -> Remade:
    with tempfile.TemporaryDirectory() as folder, child("letters.shared.picture_child", LIMITS) as decoder:
        root = Path(folder)
        (root / "given").write_bytes(data)
        try:
            made = decoder.ask({"folder": folder})
        except Failed as failed:
            raise UnusablePicture(CODES[failed.code]) from failed
        if problem := made.get("problem"):
            raise UnusablePicture(problem)
        return Remade(made["width"], made["height"], (root / "full").read_bytes(), (root / "small").read_bytes())


def picture_tag(address: str, alt: str) -> str:
    """Return the <img> of one of our own pictures, with its size; for any other picture only its description."""
    match = ADDRESS.fullmatch(address)
    if not match:
        return escape(alt)
    width, height = int(match[2]), int(match[3])
    small = f"/media/{match[1]}-{SMALL_WIDTH}.webp"
    srcset = f' srcset="{small} {SMALL_WIDTH}w, {address} {width}w" sizes="(max-width: 40rem) 100vw, 38rem"'
    more = srcset if width > SMALL_WIDTH else ""
    return f'<img src="{address}" alt="{escape(alt)}" width="{width}" height="{height}" loading="lazy"{more}>'
