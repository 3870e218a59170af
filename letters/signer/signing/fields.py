"""The country in the signing form."""

from functools import lru_cache

from babel import Locale
from django import forms
from django.utils.translation import get_language, gettext

from letters.shared.languages import locale_of


def country_choices() -> list[tuple[str, str]]:
    """Return ISO 3166-1 countries, sorted by their CLDR names in the language of the page."""
    return [("", gettext("Choose a country")), *_countries(get_language() or "en")]


@lru_cache(maxsize=32)
def _countries(language: str) -> list[tuple[str, str]]:
    # Cached, because sorting 250 names takes longer than the rest of the form.
    locale = locale_of(language) or Locale("en")
    names = [(code, name) for code, name in locale.territories.items() if code in COUNTRIES]
    return sorted(names, key=lambda pair: pair[1].casefold())


# CLDR's two-letter territories, without its groupings and placeholders.
COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - {
    *["EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"]
}


class CountryField(forms.ChoiceField):
    """Choice of a country, checked by its code alone: Django would build the sorted list of names to check it."""

    def valid_value(self, value: str) -> bool:
        return value in COUNTRIES
