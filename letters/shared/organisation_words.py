"""The words for the two counts of a letter, on pages and in its PDF."""

from collections.abc import Callable

from django.utils.translation import gettext, ngettext


def people_and_organisations(people: int, organisations: int, *, localize: Callable[[int], str]) -> str:
    """Return "18,402 people and 31 organisations". `localize` writes a number as the reader's language does."""
    return gettext("%(people)s and %(organisations)s") % {
        "people": ngettext("%(number)s person", "%(number)s people", people) % {"number": localize(people)},
        "organisations": in_numbers(organisations, localize=localize),
    }


def in_numbers(organisations: int, *, localize: Callable[[int], str]) -> str:
    """Return "31 organisations"."""
    words = ngettext("%(number)s organisation", "%(number)s organisations", organisations)
    return words % {"number": localize(organisations)}
