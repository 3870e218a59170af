"""Split texts into words, in all scripts."""

import re

from letters.shared.folding import without_marks

# Python counts the vowel signs of Hindi, Tamil, Thai, Burmese and Khmer as no part of a word.
WORD = re.compile("(?:[^\\W_]|[\u0900-\u0963\u0966-\u109f\u1780-\u17d3])+")


def folded(text: str) -> str:
    """Return the text in lower case, without accents. The caller bounds it."""
    return text.lower() if text.isascii() else without_marks(text.casefold())


def words_in(text: str) -> list[str]:
    return WORD.findall(text)
