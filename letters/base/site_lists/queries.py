"""Read the site's lists with the changes by staff, at most half a minute old in every process.

Performance: each signing asks. So a process checks every half minute whether something has changed, and reads the
entries only then.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.db.models import Count, Max
from django.db.models.functions import Coalesce

from letters.models import SiteListEntry
from letters.shared.address_typos import likely_meant
from letters.shared.domains import domain_of, is_disposable, is_listed

List = SiteListEntry.List
REFRESHED_SECONDS = 30
# Denial of service: every process keeps the lists in memory, and each signature is compared with them.
MAX_ENTRIES = 5000


@dataclass(frozen=True, eq=False)
class Entries:
    """The entries that staff added, and those that they removed from the lists that the site begins with.

    The same object is returned until an entry changes, so it can be the key of a cache.
    """

    names: tuple[str, ...] = ()
    abusive: tuple[str, ...] = ()
    advertising: tuple[str, ...] = ()
    throwaway: tuple[str, ...] = ()
    # For each mistyped domain, the domain that people mean.
    typos: Mapping[str, str] = field(default_factory=dict)
    # Names, words and domains that the site does not use.
    removed: tuple[str, ...] = ()
    throwaway_set: frozenset[str] = frozenset()
    trusted_set: frozenset[str] = frozenset()
    # Domains about which the form does not ask.
    no_typos: frozenset[str] = frozenset()


def current_entries() -> Entries:
    return _read(*_state(int(time.monotonic()) // REFRESHED_SECONDS))


def is_throwaway(domain: str) -> bool:
    """Return whether mailboxes at the domain, or at the one that contains it, are disposable."""
    entries = current_entries()
    if is_listed(domain, entries.trusted_set):
        return False
    return is_listed(domain, entries.throwaway_set) or is_disposable(domain)


def meant_by(deliverable: str) -> str:
    """Return the address that the person probably meant to type; "" if this one looks right."""
    entries = current_entries()
    domain = domain_of(deliverable)
    if domain in entries.no_typos:
        return ""
    if meant := entries.typos.get(domain):
        return f"{deliverable.rpartition('@')[0]}@{meant}"
    return likely_meant(deliverable)


def entries_in(name: List | str) -> int:
    """Count the entries of one list."""
    return SiteListEntry.objects.filter(list=name).count()


def look_again() -> None:
    """Make this process read the lists at the next signing. Other processes do so within half a minute."""
    _state.cache_clear()


@lru_cache(maxsize=1)
def _state(period: int) -> tuple[int, int]:
    """Return two numbers that change with every entry: entries are never changed in place."""
    state = SiteListEntry.objects.aggregate(rows=Count("pk"), last=Coalesce(Max("pk"), 0))
    return state["rows"], state["last"]


@lru_cache(maxsize=1)
def _read(rows: int, last: int) -> Entries:
    entries = list(SiteListEntry.objects.order_by("pk")) if rows else []
    added = [each for each in entries if not each.is_removed]
    removed = [each for each in entries if each.is_removed]

    def texts(name: str) -> tuple[str, ...]:
        return tuple(each.text for each in added if each.list == name)

    return Entries(
        names=texts(List.NAMES),
        abusive=texts(List.ABUSIVE),
        advertising=texts(List.ADVERTISING),
        throwaway=texts(List.THROWAWAY),
        typos={each.text: each.meant for each in added if each.list == List.TYPOS},
        throwaway_set=frozenset(texts(List.THROWAWAY)),
        trusted_set=frozenset(each.text for each in removed if each.list == List.THROWAWAY),
        removed=tuple(each.text for each in removed if each.list != List.TYPOS),
        no_typos=frozenset(each.text for each in removed if each.list == List.TYPOS),
    )
