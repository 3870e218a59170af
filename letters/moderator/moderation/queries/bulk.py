"""Choose the signatures of a bulk decision, and read how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from letters.models import (
    NOT_APPEALED,
    NUMBERED,
    UNNUMBERED,
    BulkDecision,
    Letter,
    ReviewDecision,
    Signature,
    State,
    User,
    entrusted_ids,
    folded_words,
    words_in_sql,
)
from letters.models.lifecycle import is_in
from letters.moderator.moderation.queries.criteria import Criteria
from letters.moderator.moderation.queries.queue import Scope, with_letters
from letters.shared.sql import fetch_one, fetch_rows

Verb = ReviewDecision.Verb
# A bulk decision chooses at most MAX_CHOSEN signatures, and examines at most MAX_LOOKED_AT of each state, newest first.
MAX_CHOSEN, MAX_LOOKED_AT = 20_000, 200_000
SAMPLE = 12
# A person's bulk decisions about a letter within this time count together.
TOGETHER = timedelta(days=1)
# The signatures that each decision can change. Appeals and new words are accepted only one by one, because someone must
# read them.
OPEN_TO: Mapping[str, str] = {
    Verb.ACCEPT: f"({is_in([State.HELD])} OR concern <> '') AND pending_changes IS NULL AND {NOT_APPEALED}",
    Verb.REJECT: f"(NOT {is_in([State.REJECTED])} OR concern = 'recheck') AND {NOT_APPEALED}",
}
BY_WORDS = """
SELECT id FROM letters_signature AS signature
WHERE {indexed} AND {matches} AND {conditions} AND {open} LIMIT %(most)s
"""
BY_TIME = """
SELECT id FROM (
    SELECT * FROM letters_signature
    WHERE letter_id = %(letter)s AND confirmed_at IS NOT NULL AND {of_state}
    ORDER BY confirmed_at DESC, id DESC LIMIT %(most_looked_at)s
) AS signature WHERE {narrowing} AND {open} LIMIT %(most)s
"""


@dataclass(frozen=True)
class Choice:
    """SQL that selects the ids of signatures, and its values."""

    statement: str
    values: Mapping[str, Any]


def choice_of(scope: Scope, criteria: Criteria, verb: str) -> Choice:
    """Return the signatures of one letter that fulfil the criteria, and that a decision would change."""
    (letter,) = scope.letters or [0]
    bounds = {"letter": letter, "most": MAX_CHOSEN + 1, "most_looked_at": MAX_LOOKED_AT}
    values = {**criteria.values(scope), **bounds}
    if criteria.words:
        words = folded_words(criteria.words)
        parts = {"conditions": criteria.conditions(), "open": OPEN_TO[verb]}
        each = []
        for indexed in (NUMBERED, UNNUMBERED):
            matches, given = words_in_sql(words, scope.letters, indexed=indexed)
            values |= given
            each.append(BY_WORDS.format(indexed=indexed, matches=matches, **parts))
        # Privacy: only if this person may read the names of the letter.
        values["entrusted"] = entrusted_ids(scope.own & {letter}, words, most=MAX_CHOSEN + 1)
        each.append(BY_WORDS.format(indexed="id = ANY(%(entrusted)s::bigint[])", matches="TRUE", **parts))
    else:
        parts = {"narrowing": criteria.narrowing(), "open": OPEN_TO[verb]}
        each = [BY_TIME.format(of_state=criteria.of_state(state), **parts) for state in criteria.states()]
    either = " UNION ALL ".join(f"({one})" for one in each)
    return Choice(f"SELECT id FROM ({either}) AS either LIMIT %(most)s", values)  # noqa: S608 -- our own statement


def number_of(choice: Choice) -> int:
    """Count the chosen signatures, up to one more than MAX_CHOSEN."""
    (number,) = fetch_one(f"SELECT count(*) FROM ({choice.statement}) AS chosen", choice.values)  # noqa: S608 -- our own
    return int(number)


def sample_of(choice: Choice) -> Sequence[Signature]:
    """Return a random sample, newest first."""
    statement = f"SELECT id FROM ({choice.statement}) AS chosen ORDER BY random() LIMIT {SAMPLE}"  # noqa: S608 -- our own
    ids = [pk for (pk,) in fetch_rows(statement, choice.values)]
    return list(with_letters(Signature.objects.filter(pk__in=ids)).order_by("-confirmed_at", "-pk"))


def number_lately(letter: Letter, person: User, now: datetime) -> int:
    """Count the signatures of a person's other bulk decisions about the letter within a day that nobody approved.

    Abuse: otherwise several small decisions would need no second person.
    """
    lately = BulkDecision.objects.filter(letter=letter, asked_by=person, approved_by=None, asked_at__gt=now - TOGETHER)
    return sum(each.decided - each.undone if each.ended_at else each.chosen for each in lately)


def waiting_for_approval(scope: Scope) -> list[BulkDecision]:
    """Return bulk decisions that wait for a second person, with the letter of each."""
    asked = BulkDecision.objects.filter(state=BulkDecision.State.ASKED).exclude(asked_by=scope.person)
    of_scope = asked if scope.letters is None else asked.filter(letter__in=scope.letters)
    return list(of_scope.select_related("letter").order_by("pk")[:5])


def bulk_decisions_of(letter: Letter) -> list[BulkDecision]:
    """Return the newest bulk decisions about a letter."""
    return list(
        BulkDecision.objects.filter(letter=letter).select_related("asked_by", "approved_by").order_by("-pk")[:20]
    )


def bulk_decision_of(letter: Letter, pk: int) -> BulkDecision:
    """Return a bulk decision about the letter. Raises BulkDecision.DoesNotExist."""
    found = BulkDecision.objects.select_related("asked_by", "approved_by", "undone_by")
    return found.get(letter=letter, pk=pk)


def at_work() -> list[int]:
    """Return the ids of the bulk decisions for which a worker has something to do."""
    return list(BulkDecision.objects.filter(state__in=BulkDecision.AT_WORK).order_by("pk").values_list("pk", flat=True))


def decided_in(bulk: BulkDecision) -> Q:
    """Select the decisions of a bulk decision that were not undone."""
    return Q(bulk=bulk, undone_at__isnull=True)
