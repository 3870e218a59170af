"""Split texts into words, in all scripts."""

import re

from letters.shared.folding import without_marks

# In Python, `\w` does not match the vowel signs of Hindi, Tamil, Thai, Burmese and Khmer.
WORD = re.compile("(?:[^\\W_]|[\u0900-\u0963\u0966-\u109f\u1780-\u17d3])+")


def folded(text: str) -> str:
    """Return the text in lower case, without accents. The caller limits its length."""
    return text.lower() if text.isascii() else without_marks(text.casefold())


def words_in(text: str) -> list[str]:
    return WORD.findall(text)
