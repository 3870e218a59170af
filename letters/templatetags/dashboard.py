"""Template tags that turn codes into words of the page's language."""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from django import template
from django.utils.translation import get_language, gettext

from letters.shared.languages import locale_of

register = template.Library()


@register.filter
def country_name(code: str) -> str:
    """Name a country: "IT" is Italy, or Italia. Unknown codes stay as they are."""
    return str(_locale().territories.get(code, code))


@register.filter
def language_named(code: str) -> str:
    """Name a language: "it" is Italian, or italiano."""
    locale = locale_of(code)
    return (locale.get_display_name(_locale()) if locale else "") or code


@register.filter
def short_date(moment: datetime, zone: ZoneInfo) -> str:
    """Format a day in a time zone: Mar 3, 2025"""
    return format_date(moment.astimezone(zone), "medium", locale=_locale())


@register.filter
def source_name(value: str, kind: str) -> str:
    """Name where signatures come from: a language, a country or a website. An empty value is unknown."""
    if not value:
        return gettext("Direct, or not known") if kind == "via" else gettext("Not known")
    return {"language": language_named, "country": country_name}.get(kind, str)(value)


class Signed(Protocol):
    published_at: datetime | None
    signed_at: datetime


@register.filter
def when_signed(signature: Signed) -> datetime:
    """Return the time of publication; without one, the time of signing."""
    return signature.published_at or signature.signed_at


class Begun(Protocol):
    @property
    def begins(self) -> datetime: ...


@register.filter
def span_name(span: Begun, unit: str) -> str:
    """Name a span: a day, the first day of a week, or a month."""
    if unit == "month":
        return format_skeleton("yMMMM", span.begins, locale=_locale())
    return format_date(span.begins, "medium", locale=_locale())


@register.filter
def share_of(number: int, total: int) -> int:
    """Return a percentage."""
    return round(100 * number / total) if total else 0


def _locale() -> Locale:
    return locale_of(get_language() or "en") or Locale("en")
