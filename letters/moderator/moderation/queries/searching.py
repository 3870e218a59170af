"""Search signatures for moderators, newest first.

Performance: a search by words reads one of the indexes of words; any other search reads the index of one letter by
time. Each examines a bounded number of rows, whatever the criteria are. If that was not all, the page says so, and the
next page continues from there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from letters.models import (
    NUMBERED,
    READ_BY_ORGANIZERS,
    UNNUMBERED,
    Display,
    Letter,
    Signature,
    entrusted_ids,
    folded_words,
    words_in_sql,
)
from letters.moderator.moderation.queries.criteria import Criteria
from letters.moderator.moderation.queries.queue import Scope, with_letters
from letters.shared.sql import fetch_rows
from letters.shared.tokens import make_cursor, read_cursor

PAGE_LENGTH = 50
# A search by words examines this many signatures that have the words.
MAX_WORDED = 5000
# Any other search examines this many signatures of a letter in each state, and the next page continues from there.
MAX_EXAMINED = 20_000
# An address signs a letter once, so it is found at most once in each letter.
MAX_OF_ADDRESS = 50

# A place in the order: newest first.
Place = tuple[datetime, int]
BEYOND = "(signature.confirmed_at, signature.id) < (%(at)s, %(id)s)"
NEWEST = "ORDER BY signature.confirmed_at DESC, signature.id DESC"
# Each statement returns places.
WORDED = f"""
(SELECT id FROM letters_signature WHERE {NUMBERED} AND {{numbered}} LIMIT %(most_worded)s)
UNION ALL (SELECT id FROM letters_signature WHERE {UNNUMBERED} AND {{unnumbered}} LIMIT %(most_worded)s)
LIMIT %(most_worded)s
"""  # noqa: S608 -- our own statement
OF_WORDED = f"""
SELECT signature.confirmed_at, signature.id FROM letters_signature AS signature
WHERE id = ANY(%(worded)s) AND {{beyond}} AND {{conditions}}
    AND EXISTS (SELECT FROM letters_letter WHERE id = letter_id AND status <> 'draft')
{NEWEST} LIMIT %(most)s
"""  # noqa: S608 -- our own statement
EXAMINED = f"""
SELECT signature.* FROM letters_signature AS signature
WHERE letter_id = %(letter)s AND confirmed_at IS NOT NULL AND {{of_state}} AND {{beyond}}
{NEWEST} LIMIT %(most_examined)s
"""  # noqa: S608 -- our own statement
OF_STATE = f"""
SELECT signature.confirmed_at, signature.id FROM ({EXAMINED}) AS signature WHERE {{conditions}} {NEWEST} LIMIT %(most)s
"""  # noqa: S608 -- our own statement
LAST_EXAMINED = f"""
SELECT signature.confirmed_at, signature.id FROM ({EXAMINED}) AS signature {NEWEST} OFFSET %(most_examined)s - 1
"""  # noqa: S608 -- our own statement


@dataclass(frozen=True)
class Found:
    signatures: Sequence[Signature]
    # The cursor of the next page; "" on the last one.
    onward: str = ""
    # More signatures have the words than a search examines.
    has_too_many: bool = False
    # The search examined this many signatures of the letter, and the next page examines earlier ones.
    examined: int = 0


def search(scope: Scope, criteria: Criteria, after: str = "") -> Found:
    """Return a page of the signatures that a person may find. Without words, `scope` must be a single letter."""
    purpose = f"search:{scope.person.pk}"
    place = read_cursor(purpose, after)
    if criteria.words:
        places, has_too_many = _by_words(scope, criteria, place)
        boundary = None
    else:
        places, boundary = _by_time(scope, criteria, place)
        has_too_many = False
    page, more = places[:PAGE_LENGTH], len(places) > PAGE_LENGTH
    last = page[-1] if more else boundary
    onward = make_cursor(purpose, *last) if last and not has_too_many else ""
    return Found(_rows(page), onward, has_too_many, 0 if more or not boundary else MAX_EXAMINED)


def _by_words(scope: Scope, criteria: Criteria, after: Place | None) -> tuple[list[Place], bool]:
    words = folded_words(criteria.words)
    if not words:
        return [], False
    numbered, given = words_in_sql(words, scope.letters, indexed=NUMBERED)
    unnumbered, _ = words_in_sql(words, scope.letters, indexed=UNNUMBERED)
    values = _values(scope, criteria, after) | given
    worded = [pk for (pk,) in fetch_rows(WORDED.format(numbered=numbered, unnumbered=unnumbered), values)]
    # Privacy: only of letters whose names this person may read.
    own = scope.own if scope.letters is None else scope.own & {*scope.letters}
    worded += entrusted_ids(own, words, most=MAX_WORDED + 1 - len(worded))
    statement = OF_WORDED.format(beyond=_beyond(after), conditions=criteria.conditions())
    return fetch_rows(statement, values | {"worded": worded}), len(worded) > MAX_WORDED


def _by_time(scope: Scope, criteria: Criteria, after: Place | None) -> tuple[list[Place], Place | None]:
    """Return places, and the place from which the next page continues if not all were examined."""
    values = _values(scope, criteria, after)
    parts = {"beyond": _beyond(after), "conditions": criteria.narrowing()}
    each = [parts | {"of_state": criteria.of_state(state)} for state in criteria.states()]
    places: list[Place] = []
    for of_state in each:
        places += fetch_rows(OF_STATE.format(**of_state), values)
    places.sort(reverse=True)
    if len(places) > PAGE_LENGTH or not criteria.is_selective:
        return places, None
    # The newest place at which the search has stopped in one of the states.
    last = [place for of_state in each for place in fetch_rows(LAST_EXAMINED.format(**of_state), values)]
    boundary = max(last, default=None)
    return [place for place in places if not boundary or place >= boundary], boundary


def _beyond(after: Place | None) -> str:
    return BEYOND if after else "TRUE"


def _values(scope: Scope, criteria: Criteria, after: Place | None) -> dict[str, Any]:
    at, pk = after or (None, None)
    (letter,) = scope.letters if scope.letters and len(scope.letters) == 1 else (None,)
    bounds = {"most": PAGE_LENGTH + 1, "most_worded": MAX_WORDED + 1, "most_examined": MAX_EXAMINED}
    return {**criteria.values(scope), **bounds, "at": at, "id": pk, "letter": letter}


def _rows(places: Iterable[Place]) -> list[Signature]:
    rows = with_letters(Signature.objects.filter(pk__in=[pk for _, pk in places]))
    return list(rows.order_by("-confirmed_at", "-pk"))


def with_address(address_hash: bytes) -> list[Signature]:
    """Return the confirmed signatures of an address that show their name to everyone, newest first.

    Privacy: no other signature is ever found by an address.
    """
    shown = Signature.objects.filter(address_hash=address_hash, display=Display.PUBLIC, confirmed_at__isnull=False)
    public = shown.filter(state__in=READ_BY_ORGANIZERS, letter__in=Letter.objects.public())
    return list(with_letters(public).order_by("-confirmed_at", "-pk")[:MAX_OF_ADDRESS])
