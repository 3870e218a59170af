"""Apply the rules of moderators to a batch of signatures that is scored."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from letters.models import CONFIRMED, BlockRule, Display, Letter, Signature, State
from letters.moderator.live_signals.queries import Candidate
from letters.moderator.signals.queries import rules_for
from letters.moderator.signals.rules import Rule, RuleBook, Signed, works
from letters.shared.traces import pair_of

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

    Performance: one query for a batch, one for those that match, and one for each rule that matched someone. First
    signatories are left out, because organizers invited them.
    """
    if not (rules := rules_for(letter, now=now)):
        return Rulings()
    book = RuleBook.of(rules)
    matched = {each.id: _matching(book, each, domains[each.id]) for each in candidates if not each.is_first}
    people = _people(letter, [each for each in candidates if matched.get(each.id)])
    hits = Counter(rule.id for each in candidates for rule in matched.get(each.id, ()) if _counts(rule, each, people))
    # Lock order: after the letter, in the order of their ids.
    for pk in sorted(hits):
        BlockRule.objects.filter(pk=pk).update(hits=F("hits") + hits[pk])
    at_work = {pk: [rule for rule in found if works(rule, hits[rule.id])] for pk, found in matched.items()}
    return Rulings(
        held={pk: holding for pk, found in at_work.items() if (holding := [rule for rule in found if rule.holds])},
        allowed=frozenset(pk for pk, found in at_work.items() if found and not any(rule.holds for rule in found)),
    )


def _counts(rule: Rule, candidate: Candidate, new_people: Collection[int]) -> bool:
    """Return whether a match counts, so that changed words and bursts count nobody twice.

    Privacy: ten matches of a rule about a domain or a network are ten people. One person could otherwise sign several
    letters, or change a signature that waits, and then see who else matches.
    """
    is_first_scoring = candidate.state == State.CONFIRMED
    if rule.name:
        return is_first_scoring or (candidate.state == State.HELD and not candidate.concern)
    return is_first_scoring and candidate.id in new_people


def _people(letter: Letter, matched: Sequence[Candidate]) -> set[int]:
    """Return the ids of those whose address has signed no other letter."""
    hashes = [each.address_hash for each in matched if each.address_hash]
    if not hashes:
        return set()
    elsewhere = Signature.objects.filter(address_hash__in=hashes, state__in=CONFIRMED).exclude(letter=letter)
    known = {bytes(each) for each in elsewhere.values_list("address_hash", flat=True) if each}
    return {each.id for each in matched if each.address_hash and bytes(each.address_hash) not in known}


def _matching(book: RuleBook, candidate: Candidate, domain: str) -> list[Rule]:
    try:
        found = book.matching(_signed(candidate, domain))
    except Exception:
        # Abuse: one odd name must not stop the others. Privacy: the log gets no word of the signer.
        log.exception("Could not compare signature %s with the rules.", candidate.id)
        return []
    if candidate.state != State.PUBLISHED:
        return found
    # Privacy: anyone can have a published signature scored again, by a report. Only its name, which everyone can read,
    # brings it before moderators.
    return [rule for rule in found if rule.name or not rule.holds]


def _signed(candidate: Candidate, domain: str) -> Signed:
    # Privacy: nothing is compared that belongs to a signer who shows the name to nobody.
    if candidate.display == Display.NOBODY:
        return Signed(is_public=False, is_nameless=True)
    return Signed(
        is_public=candidate.is_public,
        name=candidate.word("name"),
        domain=domain,
        address=candidate.address_hash,
        network=pair_of(candidate.network, candidate.browser),
    )
