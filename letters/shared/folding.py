"""Letters as a keyboard without them writes them: "Łódź" as "Lodz", "Größe" as "Grosse".

For addresses of pages. What is searched is folded in the database, by a function that knows the same letters (migration
0003), so that an index and a search can never fold in two ways.
"""

import unicodedata

from letters.shared.text import normalized

# Letters that no decomposition takes apart.
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
    """The text in letters without marks, as far as a script has them: NFKD, and the letters above."""
    return "".join(each for each in normalized("NFKD", text.translate(_TABLE)) if not unicodedata.combining(each))
