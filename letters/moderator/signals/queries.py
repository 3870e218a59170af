"""Read the lists with which the scorer compares signatures, with the current changes by staff."""

from functools import lru_cache

from letters.base.site_lists.queries import Entries, current_entries
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
