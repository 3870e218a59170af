"""Renew the public numbers by country and by email domain, once a day (letters/models/breakdown.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import change_letter_unasked
from letters.models import LEAST_IN_GROUP, MAX_GROUPS, PUBLIC, Breakdown, Letter, renewed_groups
from letters.shared.sql import fetch_rows

Kind = Breakdown.Kind
# Performance: one pass over the signatures of the letter, for both kinds.
# Privacy: PUBLIC leaves out every withheld name, and a new group of fewer than ten never leaves the database.
# Trust: the row of all and those of shown groups do, however few are left. Otherwise numbers of people who left stay.
COUNTED = f"""
SELECT country, domain, grouping(country), grouping(domain), count(*),
    count(*) FILTER (WHERE country <> ''), count(*) FILTER (WHERE country <> '' AND number > %(since_country)s),
    count(*) FILTER (WHERE domain <> ''), count(*) FILTER (WHERE domain <> '' AND number > %(since_domain)s)
FROM letters_signature WHERE letter_id = %(letter)s AND number <= %(last)s AND {PUBLIC}
GROUP BY GROUPING SETS ((country), (domain), ())
HAVING count(*) >= 10 OR (grouping(country) = 1 AND grouping(domain) = 1)
    OR country = ANY(%(shown_country)s::text[]) OR domain = ANY(%(shown_domain)s::text[])
"""  # noqa: S608 -- our own statement


def renew_breakdown(letter: Letter, *, now: datetime) -> None:
    """Renew what a letter shows, if at least ten people have come or gone since.

    Locks the letter only to write: counting millions takes seconds.
    """
    if not letter.shows_breakdown():
        return
    until = letter.last_number
    before = {row.kind: row for row in Breakdown.objects.filter(letter=letter)}
    found = _found(letter.pk, before, until=until)
    with transaction.atomic():
        change = change_letter_unasked(letter, by=None, now=now)
        # Race: the organizers may have switched it off meanwhile.
        if not letter.shows_breakdown():
            return
        rows = [before.get(kind) or Breakdown(letter=letter, kind=kind) for kind in found]
        renewed = [row for row in rows if row.is_due(new=found[row.kind].new, counted=found[row.kind].counted)]
        for row in renewed:
            _renew(row, found[row.kind], until)
            row.renewed_on = letter.day_of(now) or now.date()
            row.save()
        if renewed:
            change.update()


@dataclass(frozen=True)
class Found:
    """What the letter has now, for one kind of group."""

    # Groups of at least ten, "" for all others, and what is left of each group that is shown.
    groups: dict[str, int]
    # How many signatures are in any group, and how many of these are new since it was last renewed.
    counted: int
    new: int


def _found(letter_id: int, before: Mapping[str, Breakdown], *, until: int) -> dict[str, Found]:
    """Return what the letter has up to a number, by kind."""
    values = {
        "letter": letter_id,
        "last": until,
        **{f"since_{kind.value}": before[kind].last_number if kind in before else 0 for kind in Kind},
        **{f"shown_{kind.value}": list(dict(before[kind].shown)) if kind in before else [] for kind in Kind},
    }
    groups: dict[str, dict[str, int]] = {Kind.COUNTRY: {}, Kind.DOMAIN: {}}
    totals: dict[str, tuple[int, int]] = {}
    for country, domain, no_country, no_domain, number, countries, new_countries, domains, new_domains in fetch_rows(
        COUNTED, values
    ):
        if no_country and no_domain:
            totals = {Kind.COUNTRY: (countries, new_countries), Kind.DOMAIN: (domains, new_domains)}
        elif not no_country and country:
            groups[Kind.COUNTRY][country] = number
        elif not no_domain and domain:
            groups[Kind.DOMAIN][domain] = number
    return {kind: Found(_greatest(groups[kind], total), total, new) for kind, (total, new) in totals.items()}


def _greatest(groups: Mapping[str, int], total: int) -> dict[str, int]:
    """Return the greatest groups, all others as one, and those of fewer than ten."""
    few = {group: number for group, number in groups.items() if number < LEAST_IN_GROUP}
    enough = [group for group in groups.items() if group[0] not in few]
    greatest = dict(sorted(enough, key=lambda group: (-group[1], group[0]))[:MAX_GROUPS])
    return {**few, **greatest, "": total - sum(greatest.values())}


def _renew(row: Breakdown, found: Found, until: int) -> None:
    groups = renewed_groups(dict(row.shown), found.groups)
    row.shown = sorted(groups.items(), key=lambda group: (not group[0], -group[1], group[0]))
    row.last_number, row.counted = until, found.counted
