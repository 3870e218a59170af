"""Search the names and affiliations of signatures. Every search goes through here.

Case, marks and apostrophes do not matter: one function of the database folds the text for its indexes and for searches.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from django.db import transaction

from letters.models.display import Display
from letters.models.entrusted import open_entrusted
from letters.models.entrusted_keys import begin_words, keys_to_find
from letters.models.letter import Letter
from letters.models.lifecycle import COUNTED, SEARCHED_STATES, State, is_in
from letters.shared.sql import execute, fetch_one, fetch_rows

# The words of a signature without marks. The database function `letters_fold` also folds what is searched for.
FOLDED = "letters_fold(name || ' ' || affiliation)"
# Performance: the newest names come first, and a common word has millions. So each numbered signature also has the
# words "#7s3" and "#7m0" for the span of numbers in which its own is, and a search looks at short spans first.
SHORT_SPAN, LONG_SPAN = 5_000, 500_000
# The words of a signature, as the GIN indexes hold them. They cover all letters, so the letter is a word too, such as
# "#7", for which nobody can search. A query must use exactly the expression that belongs to the condition of an index:
# NUMBERED or UNNUMBERED. Performance: two indexes, so that an ordinary signature enters only one, and only once.
NUMBERED = "number IS NOT NULL"
UNNUMBERED = f"number IS NULL AND {is_in([State.HELD, State.REJECTED])}"
SEARCHED = {
    NUMBERED: f"""(array_to_tsvector(ARRAY[
        '#' || letter_id::text,
        '#' || letter_id::text || 's' || coalesce(number / {SHORT_SPAN}, 0)::text,
        '#' || letter_id::text || 'm' || coalesce(number / {LONG_SPAN}, 0)::text
    ]) || to_tsvector('simple', {FOLDED}))""",
    UNNUMBERED: f"(array_to_tsvector(ARRAY['#' || letter_id::text]) || to_tsvector('simple', {FOLDED}))",
}
# Without letters, a search would match everything.
MATCHES = """
{searched} @@ (%(letters)s::tsquery && to_tsquery('simple', %(words)s)) AND numnode(to_tsquery('simple', %(words)s)) > 0
"""
MATCHES_ANYWHERE = "{searched} @@ to_tsquery('simple', %(words)s) AND numnode(to_tsquery('simple', %(words)s)) > 0"
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


def words_in_sql(
    words: Collection[str], letters: Collection[int] | None, *, indexed: str
) -> tuple[str, dict[str, str]]:
    """Return a condition as SQL, and the values of its named parameters: each of these folded words begins a word of
    the signature.

    `letters` are the ids of the letters to search; None for all. An index serves it only together with the condition
    `indexed`, NUMBERED or UNNUMBERED.
    """
    # Injection: the words are quoted and cannot end the quotation, because folding removes apostrophes.
    if letters is None:
        query = " & ".join(f"'{word}'{':*' if _may_begin(word) else ''}" for word in words)
        return MATCHES_ANYWHERE.format(searched=SEARCHED[indexed]), {"words": query}
    query = " & ".join(f"'{word}':*" for word in words)
    of_letters = " | ".join(f"'#{letter}'" for letter in sorted(letters)) or "'#0'"
    return MATCHES.format(searched=SEARCHED[indexed]), {"letters": of_letters, "words": query}


def _may_begin(word: str, least: int = MIN_BEGINNING) -> bool:
    return len(word) >= least or not word.isascii()


SHOWN = f"display = '{Display.PUBLIC}'"
# The public search. Its index holds only what the public may find: names that are shown to everyone. Privacy: an index
# of all names would take a moment longer for a word that only a withheld name has. So this expression differs from that
# of all numbered signatures, and the planner cannot choose their index.
PUBLIC = f"number IS NOT NULL AND {is_in([COUNTED])} AND {SHOWN}"
PUBLIC_WORDS = f"""(array_to_tsvector(ARRAY[
    '#' || letter_id::text,
    '#' || letter_id::text || 's' || (number / {SHORT_SPAN})::text,
    '#' || letter_id::text || 'm' || (number / {LONG_SPAN})::text
]) || to_tsvector('simple', {FOLDED}))"""
# The organizers' search of published signatures, also of those whose names only they see.
PUBLISHED = f"{NUMBERED} AND {is_in([COUNTED])}"
# Performance: materialized, so that the planner never walks down all numbers to filter them.
NUMBERS = """
WITH matching AS MATERIALIZED (
    SELECT number FROM letters_signature
    WHERE {condition} AND {searched} @@ (%(spans)s::tsquery && to_tsquery('simple', %(words)s))
        AND number {beyond} %(start)s
)
SELECT number FROM matching ORDER BY number {order} LIMIT %(most)s
"""
DOWN, UP = {"beyond": "<", "order": "DESC"}, {"beyond": ">", "order": "ASC"}
PUBLIC_NUMBERS = NUMBERS.format(condition=PUBLIC, searched=PUBLIC_WORDS, **DOWN)
PUBLISHED_NUMBERS = NUMBERS.format(condition=PUBLISHED, searched=SEARCHED[NUMBERED], **DOWN)
PUBLISHED_NUMBERS_UP = NUMBERS.format(condition=PUBLISHED, searched=SEARCHED[NUMBERED], **UP)
# Performance: what begins many names does not fit into PostgreSQL's default of 4 MB, and rows would be read twice.
SEARCH_MEMORY = "32MB"


def public_numbers(letter_id: int, words: Collection[str], *, below: int, most: int) -> list[int]:
    """Return the numbers of signatures whose public name or affiliation has words that begin with these folded words.

    Return the highest numbers below `below`, in falling order, and at most `most`.
    """
    if below < 1:
        return []
    return _numbers(PUBLIC_NUMBERS, words, _spans(letter_id, below - 1), start=below, most=most)


def published_numbers(letter: Letter, words: Collection[str], *, after: int | None, up: bool, most: int) -> list[int]:
    """Do the same for what the letter's organizers see. Return numbers beyond `after`, in rising order if `up`."""
    if up:
        start = after or 0
        numbers = _numbers(PUBLISHED_NUMBERS_UP, words, _spans(letter.pk, start + 1, up=True), start=start, most=most)
    else:
        start = min(after or letter.last_number + 1, letter.last_number + 1)
        numbers = _numbers(PUBLISHED_NUMBERS, words, _spans(letter.pk, start - 1), start=start, most=most)
    entrusted = entrusted_numbers(letter.pk, words, start=start, up=up, most=most)
    return sorted([*numbers, *entrusted], reverse=not up)[:most]


# A key that is equal for equal affiliations, whatever their case and marks. A query must use exactly this expression,
# and the condition of the index. Privacy: the index holds only what the public may read, as that of PUBLIC_WORDS.
SAME_AFFILIATION = "hashtextextended(letters_fold(affiliation), 0)"
# Performance: the index has the numbers of one affiliation in their order, so a page reads as many rows as it shows.
OF_AFFILIATION = f"""
SELECT number FROM letters_signature
WHERE letter_id = %(letter)s AND {PUBLIC} AND affiliation <> '' AND number < %(below)s
    AND {SAME_AFFILIATION} = hashtextextended(letters_fold(%(affiliation)s), 0)
    AND letters_fold(affiliation) = letters_fold(%(affiliation)s)
ORDER BY number DESC LIMIT %(most)s
"""  # noqa: S608 -- our own statement


def numbers_of_affiliation(letter_id: int, affiliation: str, *, below: int, most: int) -> list[int]:
    """Return the numbers of public names with this affiliation: the highest below `below`, at most `most`.

    It is the whole affiliation, and neither case nor marks matter.
    """
    values = {"letter": letter_id, "affiliation": affiliation, "below": below, "most": most}
    return [number for (number,) in fetch_rows(OF_AFFILIATION, values)]


@transaction.atomic
def _numbers(statement: str, words: Collection[str], spans: Iterable[list[str]], *, start: int, most: int) -> list[int]:
    if not words:
        return []
    query = " & ".join(f"'{word}'{':*' if _may_begin(word, MIN_IN_LETTER) else ''}" for word in words)
    numbers: list[int] = []
    execute(f"SET LOCAL work_mem = '{SEARCH_MEMORY}'")
    for each in spans:
        values = {"spans": " | ".join(f"'{span}'" for span in each), "words": query, "start": start, "most": most}
        numbers = [number for (number,) in fetch_rows(statement, values)]
        if len(numbers) >= most:
            break
    return numbers


def _spans(letter_id: int, first: int, *, up: bool = False) -> Iterator[list[str]]:
    """Yield the words of the spans to search from a number on, down or up: short ones, long ones, the whole letter.

    A word that the next 10,000 signatures hardly have is rare enough for the next 500,000, and so on.
    """
    for mark, length, many in (("s", SHORT_SPAN, 3), ("m", LONG_SPAN, 2)):
        if up or first > 2 * length:
            spans = (first // length + (place if up else -place) for place in range(many))
            yield [f"#{letter_id}{mark}{span}" for span in spans]
    yield [f"#{letter_id}"]


# A key that is equal for equal names. A query must use exactly this expression, and the condition of the index: held or
# published, and shown to everyone. Privacy: names that the public does not see are never compared.
SAME_NAME = "hashtextextended(letters_fold(name), 0)"


# What only organizers may read is encrypted. Its keys find too many rows (letters/models/entrusted_keys.py), so each is
# decrypted to see. Denial of service: a search decrypts at most MAX_OPENED.
MAX_OPENED, OPENED_AT_ONCE = 20_000, 500
WITH_KEYS = """
letter_id = {letter} AND entrusted_keys IS NOT NULL AND entrusted_keys @> {keys}::bigint[]
"""
IN_LETTERS = f"""
SELECT found.id, entrusted FROM unnest(%(letters)s::bigint[], %(keys)s::text[]) AS mine (letter, keys)
CROSS JOIN LATERAL (
    SELECT id, entrusted FROM letters_signature
    WHERE {WITH_KEYS.format(letter="mine.letter", keys="mine.keys")} AND {is_in(SEARCHED_STATES)}
    ORDER BY id DESC LIMIT %(most)s
) AS found LIMIT %(most)s
"""  # noqa: S608 -- our own statement
BEYOND_NUMBER = f"""
SELECT number, entrusted FROM letters_signature
WHERE {WITH_KEYS.format(letter="%(letter)s", keys="%(keys)s")} AND {PUBLISHED} AND number {{beyond}} %(start)s
ORDER BY number {{order}} LIMIT %(most)s
"""  # noqa: S608 -- our own statement


def entrusted_ids(letters: Collection[int], words: Collection[str], *, most: int) -> list[int]:
    """Return the ids of held, published and rejected signatures whose entrusted name or affiliation has words that
    begin with these folded words: at most `most`, the newest of each letter first.
    """
    if not words or not letters:
        return []
    # As text, because an array of arrays would have to be a rectangle.
    keys = ["{" + ",".join(map(str, keys_to_find(letter_id, words))) + "}" for letter_id in letters]
    rows = fetch_rows(IN_LETTERS, {"letters": list(letters), "keys": keys, "most": MAX_OPENED})
    return list(islice(_matching(rows, words), most))


def entrusted_numbers(letter_id: int, words: Collection[str], *, start: int, up: bool, most: int) -> list[int]:
    """Return the numbers of published signatures whose entrusted words match: beyond `start`, at most `most`."""
    if not words:
        return []
    statement = BEYOND_NUMBER.format(**(UP if up else DOWN))
    values = {"letter": letter_id, "keys": keys_to_find(letter_id, words), "start": start, "most": OPENED_AT_ONCE}
    numbers: list[int] = []
    for _ in range(MAX_OPENED // OPENED_AT_ONCE):
        rows = fetch_rows(statement, values)
        numbers += islice(_matching(rows, words), most - len(numbers))
        if len(numbers) >= most or len(rows) < OPENED_AT_ONCE:
            break
        values["start"] = rows[-1][0]
    return numbers


def _matching(rows: Iterable[tuple[int, bytes]], words: Collection[str]) -> Iterator[int]:
    """Yield the ids or numbers of rows whose encrypted words match."""
    for row, entrusted in rows:
        opened = open_entrusted(entrusted)
        if begin_words(f"{opened['name']} {opened['affiliation']}", words):
            yield row
