"""The country in the signing form."""

from functools import lru_cache
from typing import Any

from babel import Locale
from django import forms
from django.forms.utils import flatatt
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
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


@lru_cache(maxsize=32)
def _options(language: str) -> SafeString:
    """Return the options of the menu as Django's template writes them (django/forms/widgets/select.html)."""
    with translation.override(language):
        return format_html_join("", '\n  <option value="{}">{}</option>\n', country_choices())


class CountrySelect(forms.Select):
    """A menu of all countries. Performance: Django's templates would take longer for it than for the rest of a page."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = next(iter(self.format_value(value)), "")
        options = _options(get_language() or "en")
        if chosen in COUNTRIES or not chosen:
            # Security: this replaces one code by itself, and writes nothing that was typed.
            options = mark_safe(options.replace(f'value="{chosen}"', f'value="{chosen}" selected', 1))  # noqa: S308
        return format_html(
            "<select{}>{}\n</select>", flatatt({"name": name, **self.build_attrs(self.attrs, attrs)}), options
        )


class CountryField(forms.ChoiceField):
    """Choice of a country, checked by its code alone: Django would build the sorted list of names to check it."""

    def valid_value(self, value: str) -> bool:
        return value in COUNTRIES
