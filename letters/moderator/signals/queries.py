"""Read the lists and rules with which signatures are compared, with the current changes by staff and moderators."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet

from letters.base.site_lists.queries import Entries, current_entries
from letters.models import MODERATING, BlockRule, Collective, Letter, User
from letters.moderator.signals.rules import Rule, read_pattern
from letters.moderator.signals.word_lists import Lists, make_lists


def current_lists() -> Lists:
    """Return the lists, at most half a minute old."""
    return _lists_of(current_entries())


@lru_cache(maxsize=1)
def _lists_of(entries: Entries) -> Lists:
    return make_lists(
        names=entries.names,
        abusive=entries.abusive,
        advertising=entries.advertising,
        throwaway=entries.throwaway,
        removed=entries.removed,
    )


def rules_for(letter: Letter, *, now: datetime) -> list[Rule]:
    """Return the rules that are on and apply to a letter: its own, those of its collective, and those of the site."""
    of_site = Q(letter=None, collective=None)
    here = of_site | Q(letter=letter.pk) | Q(collective=letter.collective_id)
    on = BlockRule.objects.filter(here, is_on=True, ends_at__gt=now).order_by("pk")
    return [rule for each in on if (rule := as_rule(each))]


def as_rule(row: BlockRule) -> Rule | None:
    """Return a rule as the scorer needs it; None if its hash is gone."""
    kind, digest = row.kind, bytes(row.digest) if row.digest else None
    abouts: dict[BlockRule.Kind, dict[str, Any]] = {
        BlockRule.Kind.DOMAIN: {"domain": row.text},
        BlockRule.Kind.NAME: {"name": read_pattern(row.text) if kind == BlockRule.Kind.NAME else ()},
        BlockRule.Kind.ADDRESS: {"address": digest},
        BlockRule.Kind.NETWORK: {"network": digest},
    }
    about = abouts[BlockRule.Kind(kind)]
    if not any(about.values()):
        return None
    matched = (row.tested or 0) + row.hits
    is_holding = row.effect == BlockRule.Effect.HOLD
    return Rule(id=row.pk, holds=is_holding, is_of_site=row.is_of_site, matched=matched, **about)


def rules_named(ids: Collection[int], person: User) -> QuerySet[BlockRule]:
    """Return those of these rules that a person may read, also those that are over."""
    return BlockRule.objects.filter(readable_rules(person), pk__in=ids)


def readable_rules(person: User) -> Q:
    """Select a person's rules. Privacy: a collective and people who moderate the site do not read each other's."""
    own = Collective.objects.filter(memberships__user=person, memberships__role__in=MODERATING)
    readable = Q(is_of_site=False) & (Q(collective__in=own) | Q(letter__collective__in=own))
    return readable | Q(is_of_site=True) if person.moderates_site_now() else readable
