"""Say that a translation was added after people had signed. Trust: these people have not seen it."""

from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import gettext, ngettext

from letters.shared.languages import current_locale


def added_sentence(day: date | None, *, before: int | None) -> str:
    """Say when a translation was added, and how many people had signed by then (None if nobody has counted yet)."""
    said = gettext("This translation was added on %(day)s.") % {
        "day": format_date(day, "long", locale=current_locale())
    }
    if before is None:
        return f"{said} {gettext('People may have signed before it existed.')}"
    signed = ngettext(
        "%(number)s person signed before it existed.", "%(number)s people signed before it existed.", before
    )
    return f"{said} {signed % _number(before)}"


def since_sentence(since: int) -> str:
    said = ngettext("%(number)s person has signed since.", "%(number)s people have signed since.", since)
    return said % _number(since)


def _number(number: int) -> dict[str, str]:
    return {"number": format_decimal(number, locale=current_locale())}
