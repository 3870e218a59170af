"""Pictures that people upload, made anew: what leaves here is pixels, and nothing that was hidden around them."""

import hashlib
import re
import struct
import threading
import zlib
from dataclasses import dataclass
from html import escape
from io import BytesIO

from PIL import Image, ImageOps

LARGEST_FILE = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
FULL_WIDTH, SMALL_WIDTH = 2000, 800
# WebP knows no more than 16383.
MOST_HEIGHT = 8000
FORMATS = ["JPEG", "PNG", "WEBP", "GIF"]
ADDRESS = re.compile(r"/media/([0-9a-f]{32})-([1-9][0-9]{0,3})x([1-9][0-9]{0,3})\.webp")
# Of one process: a file of a few hundred kilobytes may take hundreds of megabytes and seconds to be decoded, and who
# sends several at once must not hold every thread that answers others.
AT_WORK = threading.Lock()
# What Pillow raises over files that are cut, damaged or made to do harm.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, ArithmeticError, struct.error, zlib.error)


class UnusablePicture(ValueError):
    """`code` is "too_large", "too_many_pixels", "unreadable" or "busy"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Remade:
    """A picture in WebP, and a small one where it is wider than that."""

    width: int
    height: int
    full: bytes
    small: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.full).hexdigest()[:32]


def remake(data: bytes) -> Remade:
    """Upright, at most 2000 pixels wide, of a film the first frame. Raises UnusablePicture, also while it is at another
    one.
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
    try:
        full = _within(_read(data), FULL_WIDTH)
        small = _encoded(_within(full.copy(), SMALL_WIDTH)) if full.width > SMALL_WIDTH else b""
        return Remade(full.width, full.height, _encoded(full), small)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise UnusablePicture("too_many_pixels") from bomb
    except BROKEN as broken:
        raise broken if isinstance(broken, UnusablePicture) else UnusablePicture("unreadable") from broken


def _read(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data), formats=FORMATS)
    # What the file says of itself, before a pixel is decoded.
    if picture.width * picture.height > MOST_PIXELS:
        raise UnusablePicture("too_many_pixels")
    picture.draft("RGB", (FULL_WIDTH, FULL_WIDTH))
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def _within(picture: Image.Image, width: int) -> Image.Image:
    """The same picture, made smaller where it stands: a copy of a large one would take its memory again."""
    picture.thumbnail((width, MOST_HEIGHT), Image.Resampling.LANCZOS)
    return picture


def _encoded(picture: Image.Image) -> bytes:
    # Onto an empty one: Pillow would take profiles and comments along.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = BytesIO()
    bare.save(out, "WEBP", quality=82)
    return out.getvalue()


def picture_tag(address: str, alt: str) -> str:
    """The <img> of one of our own pictures, which keeps its room on the page; of any other only what it would show."""
    found = ADDRESS.fullmatch(address)
    if not found:
        return escape(alt)
    width, height = int(found[2]), int(found[3])
    small = f"/media/{found[1]}-{SMALL_WIDTH}.webp"
    srcset = f' srcset="{small} {SMALL_WIDTH}w, {address} {width}w" sizes="(max-width: 40rem) 100vw, 38rem"'
    more = srcset if width > SMALL_WIDTH else ""
    return f'<img src="{address}" alt="{escape(alt)}" width="{width}" height="{height}" loading="lazy"{more}>'
