"""Placeholders in the pages of the site: facts that follow from the settings, so that no text repeats them."""

import re
from collections.abc import Callable

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import ngettext

from letters.shared.site_name import site_name

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# This word marks where the people who run the site must write something in a draft.
TO_DO = "TODO"


def _days(days: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": number_format(days)}


def _months(months: int) -> str:
    return ngettext("%(months)s month", "%(months)s months", months) % {"months": number_format(months)}


def _contact() -> str:
    """Return a link whose target is visible."""
    contact = settings.OPERATOR_CONTACT
    return f"[{contact['shown']}]({contact['url']})" if contact else ""


# Each function returns words in the current language.
MEANINGS: dict[str, Callable[[], str]] = {
    "site_name": site_name,
    "operator": lambda: settings.OPERATOR or site_name(),
    "operator_contact": _contact,
    "confirmation_time": lambda: _days(settings.CONFIRMATION_DAYS),
    "addresses_kept": lambda: _months(settings.KEEP_ADDRESSES_MONTHS),
    "data_kept": lambda: _months(settings.KEEP_DATA_MONTHS),
    "session_time": lambda: _days(settings.SESSION_COOKIE_AGE // (24 * 60 * 60)),
}


def unknown_placeholders(markdown: str) -> list[str]:
    """Return names in the form of a placeholder that have no meaning."""
    return sorted({name for name in PLACEHOLDER.findall(markdown) if name not in MEANINGS})


def fill_in(markdown: str) -> str:
    """Replace placeholders by their meanings in the current language."""
    return PLACEHOLDER.sub(lambda found: MEANINGS[found[1]]() if found[1] in MEANINGS else found[0], markdown)
