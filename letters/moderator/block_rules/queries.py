"""Read rules, and test them on past signatures.

Privacy: a test reads only signatures whose name is shown to the people who make the rule. It reads addresses only for a
rule about a domain, and keeps nothing but a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.fernet import InvalidToken
from django.core.exceptions import ObjectDoesNotExist

from letters.models import (
    MODERATING,
    SEARCHED_STATES,
    BlockRule,
    Collective,
    Display,
    Letter,
    Signature,
    SignatureQuerySet,
    SigningTrace,
    User,
)
from letters.models.lifecycle import is_in
from letters.moderator.signals.queries import as_rule, readable_rules
from letters.moderator.signals.rules import RuleBook, Signed
from letters.shared.addresses import decrypt
from letters.shared.domains import domain_of
from letters.shared.sql import fetch_rows
from letters.shared.traces import pair_of

# A rule is tested on at most this many signatures, the newest.
TESTED = 1000
MAX_LETTERS, SAMPLE, MAX_SHOWN = 200, 12, 200


def rules_of(person: User) -> list[BlockRule]:
    """Return the rules that a person may read and change, newest first."""
    found = BlockRule.objects.filter(readable_rules(person)).select_related(
        "letter__collective", "collective", "made_by"
    )
    return list(found.order_by("-pk")[:MAX_SHOWN])


def rule_of(person: User, pk: int) -> BlockRule:
    """Return one of them. Raises BlockRule.DoesNotExist."""
    found = BlockRule.objects.select_related("letter__collective", "collective", "made_by")
    return found.get(readable_rules(person), pk=pk)


def collectives_of(person: User) -> list[Collective]:
    """Return the collectives whose letters a person moderates as a member."""
    own = Collective.objects.filter(memberships__user=person, memberships__role__in=MODERATING)
    return list(own.order_by("name", "pk")[:MAX_LETTERS])


def network_of(signature: Signature) -> bytes | None:
    """Return the keyed hashes of the network and the type of browser of a form; None if the site does not know them."""
    trace = SigningTrace.objects.filter(signature=signature.pk).first()
    return pair_of(trace.network, trace.browser) if trace else None


def number_in_force(rule: BlockRule, now: datetime) -> int:
    """Count the rules of the same place that are not over."""
    same = BlockRule.objects.filter(letter=rule.letter, collective=rule.collective, is_of_site=rule.is_of_site)
    return same.filter(ended_at=None, ends_at__gt=now).count()


@dataclass(frozen=True)
class Tested:
    """The past signatures that a rule would have matched, and the number tested."""

    of: int
    matching: Sequence[int]
    # The number of addresses among them. Privacy: one person with ten letters is one.
    people: int = 0


NOTHING_TESTED = Tested(0, ())
NEWEST = "ORDER BY confirmed_at DESC, id DESC LIMIT %(most)s"
OF_STATE = f"""
(SELECT id, confirmed_at FROM letters_signature
WHERE letter_id = mine.letter AND confirmed_at IS NOT NULL AND {{of_state}} {NEWEST})
"""  # noqa: S608 -- our own statement
OF_LETTERS = f"""
SELECT newest.id FROM unnest(%(letters)s::bigint[]) AS mine (letter) CROSS JOIN LATERAL (
    {" UNION ALL ".join(OF_STATE.format(of_state=is_in([state])) for state in SEARCHED_STATES)}
) AS newest {NEWEST}
"""  # noqa: S608 -- our own statement
# Performance: no index has the signatures of all letters by time, so the newest ids are read.
OF_SITE = f"""
SELECT newest.id FROM (
    SELECT id, letter_id, state, confirmed_at FROM letters_signature ORDER BY id DESC LIMIT %(most_read)s
) AS newest WHERE confirmed_at IS NOT NULL AND {is_in(SEARCHED_STATES)} ORDER BY id DESC LIMIT %(most)s
"""  # noqa: S608 -- our own statement


def try_rule(rule: BlockRule) -> Tested:
    """Compare a rule with the newest signatures of its place. Rules about one mailbox or network are not tested."""
    if rule.is_about_one or (scored := as_rule(rule)) is None:
        return NOTHING_TESTED
    rows = list(_newest(rule))
    book = RuleBook.of([scored])
    reads_domain = rule.kind == BlockRule.Kind.DOMAIN
    found = [row for row in rows if book.matching(_signed(row, _domain(row) if reads_domain else ""))]
    people = {bytes(row.address_hash) for row in found if row.address_hash}
    return Tested(len(rows), [row.pk for row in found], len(people))


def _newest(rule: BlockRule) -> SignatureQuerySet:
    ids = _newest_ids(_letters(rule))
    shown = [Display.PUBLIC] if rule.is_of_site else [Display.PUBLIC, Display.ORGANIZERS]
    rows = Signature.objects.filter(pk__in=ids, display__in=shown)
    return rows.select_related("contact") if rule.kind == BlockRule.Kind.DOMAIN else rows


def _letters(rule: BlockRule) -> list[int] | None:
    if rule.letter_id:
        return [rule.letter_id]
    if not rule.collective_id:
        return None
    own = Letter.objects.public().filter(collective=rule.collective_id).order_by("-pk")
    return list(own.values_list("pk", flat=True)[:MAX_LETTERS])


def _newest_ids(letters: list[int] | None) -> list[int]:
    values = {"letters": letters, "most": TESTED, "most_read": 5 * TESTED}
    return [pk for (pk,) in fetch_rows(OF_SITE if letters is None else OF_LETTERS, values)]


def _signed(row: Signature, domain: str) -> Signed:
    return Signed(is_public=row.display == Display.PUBLIC, name=row.name, domain=domain)


def _domain(row: Signature) -> str:
    try:
        return domain_of(decrypt(row.contact.address))
    except (ObjectDoesNotExist, InvalidToken):
        return ""


def sample_of(rule: BlockRule, tested: Tested) -> list[Signature]:
    """Return some of the signatures that a rule about names matches, newest first.

    Privacy: of other rules it returns none, because it would name people beside their domain.
    """
    if rule.kind != BlockRule.Kind.NAME:
        return []
    rows = Signature.objects.filter(pk__in=[*tested.matching])
    return list(rows.order_by("-confirmed_at", "-pk")[:SAMPLE])
