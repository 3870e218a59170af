"""Search the names and affiliations of signatures. Every search goes through here.

Case, marks and apostrophes do not matter: one function of the database folds the text for its indexes and for searches.
"""

from collections.abc import Collection, Iterator

from django.db import transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from letters.models.display import Display
from letters.models.lifecycle import COUNTED, State, is_in
from letters.shared.sql import execute, fetch_one, fetch_rows

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
# The same for a reader's search of one letter.
MIN_IN_LETTER = 2


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


def _may_begin(word: str, least: int = MIN_BEGINNING) -> bool:
    return len(word) >= least or not word.isascii()


SHOWN = f"display = '{Display.PUBLIC}'"
# The public search. Its index holds only what the public may find: names that are shown to everyone. Privacy: an index
# of all names would take a moment longer for a word that only a withheld name has.
PUBLIC = f"number IS NOT NULL AND {is_in([COUNTED])} AND {SHOWN}"
# Performance: the newest names come first, and a common word has millions. So each signature also has the words "#7s3"
# and "#7m0" for the span of numbers in which its own is, and a search looks at short spans before longer ones.
SHORT_SPAN, LONG_SPAN = 5_000, 500_000
PUBLIC_WORDS = f"""(array_to_tsvector(ARRAY[
    '#' || letter_id::text,
    '#' || letter_id::text || 's' || (number / {SHORT_SPAN})::text,
    '#' || letter_id::text || 'm' || (number / {LONG_SPAN})::text
]) || to_tsvector('simple', {FOLDED}))"""
# Performance: materialized, so that the planner never walks down all numbers to filter them.
PUBLIC_NUMBERS = f"""
WITH matching AS MATERIALIZED (
    SELECT number FROM letters_signature
    WHERE {PUBLIC} AND {PUBLIC_WORDS} @@ (%(spans)s::tsquery && to_tsquery('simple', %(words)s))
        AND number < %(below)s
)
SELECT number FROM matching ORDER BY number DESC LIMIT %(most)s
"""  # noqa: S608 -- our own statement
# Performance: what begins many names does not fit into PostgreSQL's default of 4 MB, and rows would be read twice.
SEARCH_MEMORY = "32MB"


@transaction.atomic
def public_numbers(letter_id: int, words: Collection[str], *, below: int, most: int) -> list[int]:
    """Return the numbers of signatures whose public name or affiliation has words that begin with these folded words.

    Return the highest numbers below `below`, in falling order, and at most `most`.
    """
    if not words or below < 1:
        return []
    query = " & ".join(f"'{word}'{':*' if _may_begin(word, MIN_IN_LETTER) else ''}" for word in words)
    numbers: list[int] = []
    execute(f"SET LOCAL work_mem = '{SEARCH_MEMORY}'")
    for spans in _spans(letter_id, below - 1):
        values = {"spans": " | ".join(f"'{span}'" for span in spans), "words": query, "below": below, "most": most}
        numbers = [number for (number,) in fetch_rows(PUBLIC_NUMBERS, values)]
        if len(numbers) >= most:
            break
    return numbers


def _spans(letter_id: int, newest: int) -> Iterator[list[str]]:
    """Yield the words of the spans to search: the newest short ones, the newest long ones, the whole letter.

    A word that the newest 10,000 signatures hardly have is rare enough for the next 500,000, and so on.
    """
    if newest > 2 * SHORT_SPAN:
        yield [f"#{letter_id}s{newest // SHORT_SPAN - back}" for back in range(3)]
    if newest > 2 * LONG_SPAN:
        yield [f"#{letter_id}m{newest // LONG_SPAN - back}" for back in range(2)]
    yield [f"#{letter_id}"]


# A key that is equal for equal names. A query must use exactly this expression, and the condition of the index: held or
# published, and shown to everyone. Privacy: names that the public does not see are never compared.
SAME_NAME = "hashtextextended(letters_fold(name), 0)"
