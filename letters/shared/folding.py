"""Replace accented letters by plain ones: "Łódź" becomes "Lodz", "Größe" becomes "Grosse".

Used for slugs. Search uses a database function with the same letters instead, so that an index and a search cannot
differ.
"""

import unicodedata
from functools import lru_cache

from letters.shared.text import normalized

# Letters that Unicode does not decompose.
AS_ASCII = {
    "ß": "ss",
    "ẞ": "SS",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "þ": "th",
    "Þ": "TH",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "ħ": "h",
    "Ħ": "H",
    "ŧ": "t",
    "Ŧ": "T",
    "ŋ": "n",
    "Ŋ": "N",
    "\u0131": "i",
    "ĸ": "k",
    "ə": "e",
    "Ə": "E",
}
_TABLE = str.maketrans(AS_ASCII)


def without_marks(text: str) -> str:
    """Remove the marks of letters: those that NFKD separates, and those of the letters above."""
    return normalized("NFKD", text.translate(_TABLE)).translate(_no_marks())


@lru_cache(maxsize=1)
def _no_marks() -> dict[int, None]:
    """Return a table that removes all combining characters. Other Unicode planes have none."""
    return dict.fromkeys(code for code in range(0x20000) if unicodedata.combining(chr(code)))
