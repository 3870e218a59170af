"""Template tags for dates as people write them in the page's language, from CLDR."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from django import template

from letters.shared.languages import current_locale

register = template.Library()


@register.filter
def long_date(moment: date | None) -> str:
    """Format a day: November 23, 2026, or 23 novembre 2026"""
    return format_date(moment, "long", locale=current_locale()) if moment else ""


@register.filter
def long_date_in(moment: datetime | None, zone: ZoneInfo) -> str:
    """Format the day of a moment in a time zone."""
    return long_date(moment.astimezone(zone)) if moment else ""


@register.filter
def time_in(moment: datetime | None, zone: ZoneInfo) -> str:
    """Format a moment in a time zone: Monday, November 23, 2026, 2:42 PM (Europe/Rome)"""
    if not moment:
        return ""
    there = moment.astimezone(zone)
    day, time = (
        format_date(there, "full", locale=current_locale()),
        format_time(there, "short", locale=current_locale()),
    )
    return f"{day}, {time} ({zone.key})"


@register.filter
def time_in_utc(moment: datetime | None) -> str:
    """Format a moment for pages without a time zone: Monday, November 23, 2026, 2:42 PM (UTC)"""
    return time_in(moment, ZoneInfo("UTC"))


@register.filter
def hour_in(moment: datetime | None, zone: ZoneInfo) -> str:
    """Format a moment in a time zone, under a heading that names the day: 2:42 PM"""
    return format_time(moment.astimezone(zone), "short", locale=current_locale()) if moment else ""


@register.filter
def clock_time(moment: datetime | None) -> str:
    """Format the time of a moment, with seconds: 2:42:07 PM UTC"""
    return format_time(moment, "long", locale=current_locale()) if moment else ""
