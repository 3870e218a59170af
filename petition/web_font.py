"""The font of letters, on the web and in PDFs: Libertinus Serif, under the SIL Open Font License 1.1.

Typst, which sets our PDFs, contains the whole font. `collectstatic` copies it from there, keeps the characters of Latin
scripts and compresses it. Other scripts use the reader's own fonts.
"""

import hashlib
import io
import logging
import os
import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)

FAMILY = "Libertinus Serif"
# The folder below /static/.
FOLDER = "letters/face"
# base.css names the same ranges: a browser loads a file only if the page has one of its characters.
LATIN = "U+0020-007E,U+00A0-00FF,U+0131,U+0152-0153,U+02C6,U+02DA,U+02DC,U+2010-2027,U+2030-203A,U+20AC,U+2212"
MORE_LATIN = "U+0100-0130,U+0132-0151,U+0154-024F,U+1E00-1EFF"
FIGURES = ["lnum", "onum", "pnum"]
SHAPING = ["kern", "liga", "locl", "ccmp", "mark"]
# File name, style of the font, characters, features besides shaping.
FILES = [
    ("roman", "Regular", LATIN, FIGURES),
    ("italic", "Italic", LATIN, FIGURES),
    ("bold", "Bold", LATIN, []),
    ("roman-more", "Regular", MORE_LATIN, []),
    ("italic-more", "Italic", MORE_LATIN, []),
]
LICENCE = "LICENCE.txt"
# The first bytes of an OpenType font with PostScript outlines.
SIGNATURE = b"OTTO"
MAX_TABLES = 40
# Ids in the font's name table. These names stay in the files that we send.
COPYRIGHT, FULL_NAME, LICENCE_NOTE, LICENCE_URL = 0, 4, 13, 14


class NoFace(Exception):
    """Typst no longer contains the font."""


class WebFontFinder(BaseFinder):
    """Make the font files, and hand them to `collectstatic`."""

    def check(self, **_: object) -> list[Any]:
        return []  # There is nothing to configure.

    def find(self, path: str, **_: object) -> str | list[str]:  # type: ignore[override]  # the stubs know only lists
        wanted = path.removeprefix(f"{FOLDER}/")
        return str(made_fonts() / wanted) if wanted != path and wanted in _names() else []

    def list(self, ignore_patterns: object) -> Iterator[tuple[str, FileSystemStorage]]:
        storage = FileSystemStorage(location=made_fonts())
        # `collectstatic` puts this before each name.
        storage.prefix = FOLDER  # type: ignore[attr-defined]
        for name in _names():
            yield name, storage


def _names() -> list[str]:
    return [*(f"{name}.woff2" for name, *_ in FILES), LICENCE]


def made_fonts() -> Path:
    """Return the folder with the files. They are made once for each version of Typst and of this recipe."""
    recipe = metadata.version("typst").encode() + Path(__file__).read_bytes()
    folder = _where_to_keep() / f"face-{hashlib.sha256(recipe).hexdigest()[:12]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            _make(unfinished)
            # Race: another process has made the same files.
            with suppress(OSError):
                unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _where_to_keep() -> Path:
    """Return a folder in the virtual environment, which is replaced with its Typst; otherwise one beside our data."""
    environment = Path(sys.prefix)
    if sys.prefix != sys.base_prefix and os.access(environment, os.W_OK):
        return environment / "share" / "undersigned"
    return Path(settings.VAR_DIR)


def _make(folder: Path) -> None:
    folder.chmod(0o755)
    fonts = {_name(font, FULL_NAME): whole for whole in _fonts_in_typst() for font in [_opened(whole)]}
    for name, style, characters, features in FILES:
        whole = fonts.get(f"{FAMILY} {style}")
        if whole is None:
            raise NoFace(f"{FAMILY} {style} is not in Typst {metadata.version('typst')}.")
        (folder / f"{name}.woff2").write_bytes(_subset(whole, characters, [*SHAPING, *features]))
    font = _opened(fonts[f"{FAMILY} Regular"])
    said = [FAMILY, *(_name(font, number) for number in (COPYRIGHT, LICENCE_NOTE, LICENCE_URL))]
    (folder / LICENCE).write_text("\n".join(said) + "\n")


def _fonts_in_typst() -> Iterator[bytes]:
    """Yield the fonts that Typst's library contains uncompressed. Each font contains its own length."""
    found = util.find_spec("typst._typst")
    if found is None or found.origin is None:
        raise NoFace("Typst has no library here.")
    library = Path(found.origin).read_bytes()
    place = library.find(SIGNATURE)
    while place >= 0:
        if length := _length(library[place : place + 12 + 16 * MAX_TABLES]):
            yield library[place : place + length]
        place = library.find(SIGNATURE, place + max(length, 1))


def _length(head: bytes) -> int:
    """Return where the last table of a font ends; 0 if this is not the head of a font."""
    if len(head) < len(SIGNATURE) + 2:
        return 0
    (count,) = struct.unpack_from(">H", head, len(SIGNATURE))
    if not 0 < count <= MAX_TABLES or len(head) < 12 + 16 * count:
        return 0
    tables = [struct.unpack_from(">4sIII", head, 12 + 16 * number) for number in range(count)]
    are_named = all(32 <= byte < 127 for tag, *_ in tables for byte in tag)
    return max(offset + length for _, _, offset, length in tables) if are_named else 0


def _opened(whole: bytes) -> TTFont:
    # Without the time at which it is made, so that every machine makes the same bytes: copies of letters contain them.
    return TTFont(io.BytesIO(whole), lazy=True, recalcTimestamp=False)


def _name(font: TTFont, number: int) -> str:
    return font["name"].getDebugName(number) or ""


def _subset(whole: bytes, characters: str, features: list[str]) -> bytes:
    options = subset.Options(
        flavor="woff2",
        layout_features=features,
        name_IDs=[COPYRIGHT, FULL_NAME, LICENCE_NOTE, LICENCE_URL],
        hinting=False,
        desubroutinize=True,
        notdef_outline=True,
    )
    font, kept = _opened(whole), io.BytesIO()
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=subset.parse_unicodes(characters.replace("U+", "")))
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(kept)
    return kept.getvalue()
