"""Languages by their codes (BCP 47): their own names, their direction, and which of ours speaks to their readers."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.conf import settings


def interface_language(code: str) -> str:
    """The language of buttons and hints on a page whose letter is in `code`: the same if the site speaks it."""
    spoken = [spoken for spoken, name in settings.LANGUAGES]
    base = code.split("-", 1)[0].lower()
    return code if code in spoken else base if base in spoken else settings.LANGUAGE_CODE


@lru_cache(maxsize=256)
def language_name(code: str) -> str:
    """What its speakers call it: "Italiano", "العربية"; the code itself where CLDR does not know it."""
    locale = locale_of(code)
    name = locale.get_display_name(locale) if locale else ""
    return name[:1].upper() + name[1:] if name else code


@lru_cache(maxsize=256)
def direction(code: str) -> str:
    """ "rtl" or "ltr" """
    locale = locale_of(code)
    return locale.text_direction if locale else "ltr"


def locale_of(code: str) -> Locale | None:
    """What CLDR knows of the language; None for one that it does not know."""
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
