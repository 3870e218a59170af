"""Search the names and affiliations of signatures. Every search goes through here.

Case, marks and apostrophes do not matter: one function of the database folds the text for its indexes and for searches.
"""

from collections.abc import Collection

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from letters.models.lifecycle import State, is_in
from letters.shared.sql import fetch_one

# The words of a signature without marks. The database function `letters_fold` also folds what is searched for.
FOLDED = "letters_fold(name || ' ' || affiliation)"
# The words of a signature, as the GIN indexes hold them. They cover all letters, so the letter is a word too, such as
# "#7", for which nobody can search. A query must use exactly this expression, and the condition of an index: NUMBERED
# or UNNUMBERED.
SEARCHED = f"(array_to_tsvector(ARRAY['#' || letter_id::text]) || to_tsvector('simple', {FOLDED}))"
# Performance: two indexes, so that an ordinary signature enters only one of them, and only once.
NUMBERED = "number IS NOT NULL"
UNNUMBERED = f"number IS NULL AND {is_in([State.HELD, State.REJECTED])}"
# Without letters, a search would match everything.
MATCHES = f"""
{SEARCHED} @@ (%s::tsquery && to_tsquery('simple', %s)) AND numnode(to_tsquery('simple', %s)) > 0
"""
MATCHES_ANYWHERE = f"{SEARCHED} @@ to_tsquery('simple', %s) AND numnode(to_tsquery('simple', %s)) > 0"
# Denial of service: more words would not improve a search.
MAX_WORDS = 8
# Performance: in a search of all letters, many names begin with any shorter word, so a shorter word must match a whole
# word. Names in other scripts are shorter.
MIN_BEGINNING = 3


def folded_words(search: str) -> list[str]:
    """Return the words of a search, without marks, as the indexes have them."""
    (folded,) = fetch_one("SELECT letters_fold(%s)", [search])
    return str(folded).split()[:MAX_WORDS]


def having_words(words: Collection[str], letters: Collection[int] | None) -> RawSQL:
    """Return a condition: each of these folded words begins a word of the signature.

    `letters` are the ids of the letters to search; None for all. An index serves it only together with NUMBERED or
    UNNUMBERED.
    """
    matches, values = _in_sql(words, letters)
    return RawSQL(matches, values, output_field=BooleanField())  # noqa: S611 -- our own text, with parameters


def words_in_sql(words: Collection[str], letters: Collection[int] | None) -> tuple[str, dict[str, str]]:
    """Return the same condition as SQL, and the values of its named parameters."""
    matches, given = _in_sql(words, letters)
    names = [f"word{place}" for place in range(len(given))]
    return matches % tuple(f"%({name})s" for name in names), dict(zip(names, given, strict=True))


def _in_sql(words: Collection[str], letters: Collection[int] | None) -> tuple[str, list[str]]:
    # Injection: the words are quoted and cannot end the quotation, because folding removes apostrophes.
    if letters is None:
        query = " & ".join(f"'{word}'{':*' if _may_begin(word) else ''}" for word in words)
        return MATCHES_ANYWHERE, [query, query]
    query = " & ".join(f"'{word}':*" for word in words)
    of_letters = " | ".join(f"'#{letter}'" for letter in sorted(letters)) or "'#0'"
    return MATCHES, [of_letters, query, query]


def _may_begin(word: str) -> bool:
    return len(word) >= MIN_BEGINNING or not word.isascii()


# A key that is equal for equal names. A query must use exactly this expression, and the condition of the index: held or
# published, and shown to everyone. Privacy: names that the public does not see are never compared.
SAME_NAME = "hashtextextended(letters_fold(name), 0)"
