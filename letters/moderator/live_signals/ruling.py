"""Apply the rules of moderators to a batch of signatures that is scored."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from letters.models import BlockRule, Display, Letter, State
from letters.moderator.live_signals.queries import Candidate
from letters.moderator.signals.queries import rules_for
from letters.moderator.signals.rules import Rule, RuleBook, Signed, works

log = logging.getLogger(__name__)
# The reasons of a signature name each rule that holds it so: "rule:12".
PREFIX = "rule:"


@dataclass(frozen=True)
class Rulings:
    """The rules that match signatures, by their ids. A rule that holds weighs more than one that allows."""

    held: Mapping[int, Sequence[Rule]] = field(default_factory=dict)
    allowed: frozenset[int] = frozenset()

    def notes(self, pk: int) -> list[str]:
        return [f"{PREFIX}{rule.id}" for rule in self.held.get(pk, ())]


def rule_on(letter: Letter, candidates: Sequence[Candidate], domains: Mapping[int, str], *, now: datetime) -> Rulings:
    """Apply the rules of a letter, and count the signatures that they match.

    Performance: one query for a batch; another for each rule that matched someone. First signatories are left out,
    because organizers invited them.
    """
    if not (rules := rules_for(letter, now=now)):
        return Rulings()
    book = RuleBook.of(rules)
    matched = {each.id: _matching(book, each, domains[each.id]) for each in candidates if not each.is_first}
    new = {each.id for each in candidates if _is_new(each)}
    hits = Counter(rule.id for pk, found in matched.items() if pk in new for rule in found)
    # Lock order: after the letter, in the order of their ids.
    for pk in sorted(hits):
        BlockRule.objects.filter(pk=pk).update(hits=F("hits") + hits[pk])
    at_work = {pk: [rule for rule in found if works(rule, hits[rule.id])] for pk, found in matched.items()}
    return Rulings(
        held={pk: holding for pk, found in at_work.items() if (holding := [rule for rule in found if rule.holds])},
        allowed=frozenset(pk for pk, found in at_work.items() if found and not any(rule.holds for rule in found)),
    )


def _is_new(candidate: Candidate) -> bool:
    """Return whether it is scored for the first time, so that changed words and bursts count nobody twice."""
    return candidate.state == State.CONFIRMED or (candidate.state == State.HELD and not candidate.concern)


def _matching(book: RuleBook, candidate: Candidate, domain: str) -> list[Rule]:
    try:
        return book.matching(_signed(candidate, domain))
    except Exception:
        # Abuse: one odd name must not stop the others. Privacy: the log gets no word of the signer.
        log.exception("Could not compare signature %s with the rules.", candidate.id)
        return []


def _signed(candidate: Candidate, domain: str) -> Signed:
    # Privacy: nothing is compared that belongs to a signer who shows the name to nobody.
    if candidate.display == Display.NOBODY:
        return Signed(is_public=False, is_nameless=True)
    return Signed(
        is_public=candidate.is_public,
        name=candidate.word("name"),
        domain=domain,
        address=candidate.address_hash,
        network=candidate.network,
    )
