"""Make keys for the look of texts (UTS #39): equal for texts that a reader would confuse.

Our table of look-alike characters has the part of Unicode's table that can pass for Latin letters. A library for the
whole table, confusable_homoglyphs, loads a megabyte of JSON into each process, and was last released in January 2024.
"""

import re
import unicodedata
from pathlib import Path

from letters.shared.folding import without_marks

# Denial of service: the rest of a text is not compared.
MAX_COMPARED = 200
# Numerals and signs in place of letters, as in "3l0n Mu5k".
LEET = str.maketrans("0134578$@€", "oleastbsae")


def _looks_like() -> dict[int, str]:
    lines = Path(__file__).with_name("lookalikes.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ") for line in lines if line and not line.startswith("#"))
    table = {ord(other): letter for letter, others in pairs for other in others}
    # A lower-case letter counts as its upper-case one: Cyrillic en as H, because its capital looks like H.
    lower = {ord(chr(code).lower()): letter.lower() for code, letter in table.items() if len(chr(code).lower()) == 1}
    return lower | table


LOOKS_LIKE = _looks_like()
# One letter for all characters that look like a stroke, and one for all that look like a circle.
STROKES = str.maketrans({"i": "l", "1": "l", "|": "l", "!": "l", "0": "o"})
PAIRS = (("rn", "m"), ("vv", "w"))
# Double strokes stay, because "ll" looks like "li".
TWICE = re.compile(r"([^l])\1+")


def skeleton(text: str) -> str:
    """Return a key for the look of a text: equal for texts that a reader would confuse."""
    text = text[:MAX_COMPARED]
    if not text.isascii():
        text = without_marks(text).translate(LOOKS_LIKE)
    shape = text.casefold().translate(LEET).translate(STROKES)
    for pair, one in PAIRS:
        shape = shape.replace(pair, one)
    return TWICE.sub(r"\1", shape)


# Characters that draw nothing, or only a mark such as an apostrophe, although Unicode counts some of them as letters:
# its "default ignorable" ones, the fillers of Hangul, and modifier letters. Also the empty cell of Braille.
NOTHING_TO_SEE = dict.fromkeys(
    code
    for first, last in (
        (0x00AD, 0x00AD),
        (0x02B9, 0x02DF),
        (0x02E5, 0x02FF),
        (0x034F, 0x034F),
        (0x0559, 0x0559),
        (0x061C, 0x061C),
        (0x07F4, 0x07F5),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xA700, 0xA721),
        (0xA788, 0xA78C),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
)


def key_of_name(name: str) -> str:
    """Return a key for the look of a collective's name, whatever spaces, hyphens, capitals and invisible signs it has.

    A name without any letter or numeral keeps its signs.
    """
    # Before the shapes are compared, because an invisible character keeps "r" and "n" apart.
    seen = name.translate(NOTHING_TO_SEE)
    # At the end of a word, these are signs and no letters: "Together!"
    words = " ".join(word.rstrip("!|") or word for word in seen.split())
    # Some characters, such as "ŉ", fall into a letter and an apostrophe only here.
    shape = skeleton(words).translate(NOTHING_TO_SEE)
    shape = "".join(each for each in shape if unicodedata.category(each)[0] not in "CPSZ")
    return (TWICE.sub(r"\1", shape) or "".join(seen.split()) or "".join(name.split()))[:MAX_COMPARED]
