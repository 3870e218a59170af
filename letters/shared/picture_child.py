"""The child process in which Pillow decodes uploads (letters/shared/sandbox.py)."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from letters.shared.pictures import FULL_WIDTH, SMALL_WIDTH
from letters.shared.sandbox import Question, Reply, serve

MAX_PIXELS = 40_000_000
# WebP allows at most 16383.
MAX_HEIGHT = 8000
FORMATS = ["JPEG", "PNG", "WEBP", "GIF"]
# Exceptions that Pillow raises for files that are cut, damaged or malicious.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, ArithmeticError, struct.error, zlib.error)


class TooManyPixels(Exception):
    pass


def remade(question: Question) -> Reply:
    """Read the file "given" in a folder, and write "full" and "small" beside it."""
    root = Path(question["folder"])
    try:
        full = _within(_read((root / "given").read_bytes()), FULL_WIDTH)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, TooManyPixels):
        return {"problem": "too_many_pixels"}
    except BROKEN:
        return {"problem": "unreadable"}
    (root / "full").write_bytes(_encoded(full))
    (root / "small").write_bytes(_encoded(_within(full.copy(), SMALL_WIDTH)) if full.width > SMALL_WIDTH else b"")
    return {"width": full.width, "height": full.height}


def _read(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data), formats=FORMATS)
    # Denial of service: check the size that the file declares, before a pixel is decoded.
    if picture.width * picture.height > MAX_PIXELS:
        raise TooManyPixels
    picture.draft("RGB", (FULL_WIDTH, FULL_WIDTH))
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def _within(picture: Image.Image, width: int) -> Image.Image:
    """Scale the picture in place: a copy of a large one would need its memory again."""
    picture.thumbnail((width, MAX_HEIGHT), Image.Resampling.LANCZOS)
    return picture


def _encoded(picture: Image.Image) -> bytes:
    # Privacy: paste onto an empty picture, because Pillow would keep profiles and comments.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = BytesIO()
    bare.save(out, "WEBP", quality=82)
    return out.getvalue()


if __name__ == "__main__":
    serve(remade)
