"""Replace accented letters by plain ones: "Łódź" becomes "Lodz", "Größe" becomes "Grosse".

Used for slugs. Search uses a database function with the same letters instead, so that an index and a search cannot
differ.
"""

import unicodedata

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
    return "".join(each for each in normalized("NFKD", text.translate(_TABLE)) if not unicodedata.combining(each))
