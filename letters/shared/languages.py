"""Languages by their codes (BCP 47): their own names, their direction, and which of ours speaks to their readers."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError, localedata
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


# Codes of CLDR for what is no language.
NO_LANGUAGE = {"und", "zxx", "mul", "mis", "root"}


@lru_cache(maxsize=16)
def language_choices(spoken: str) -> list[tuple[str, str]]:
    """The languages that CLDR knows how to write, each code with its name in the language of the page, by name."""
    names = dict((locale_of(spoken) or Locale("en")).languages)
    known = [(code.replace("_", "-"), name) for code, name in names.items() if localedata.exists(code)]
    found = [(code, name[:1].upper() + name[1:]) for code, name in known if code not in NO_LANGUAGE and len(code) <= 12]
    return sorted(found, key=lambda pair: pair[1].casefold())


def is_language(code: str) -> bool:
    """One that can be chosen from the list."""
    return code in dict(language_choices(settings.LANGUAGE_CODE))


def locale_of(code: str) -> Locale | None:
    """What CLDR knows of the language; None for one that it does not know."""
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
