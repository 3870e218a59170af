"""Look up languages by BCP 47 code: name, direction, and the interface language for their readers."""

from collections.abc import Container
from functools import lru_cache

from babel import Locale, UnknownLocaleError, localedata
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import parse_accept_lang_header


def interface_language(code: str) -> str:
    """Return the interface language for a letter in `code`: the same language if the interface has it."""
    spoken = [spoken for spoken, name in settings.LANGUAGES]
    base = code.split("-", 1)[0].lower()
    return code if code in spoken else base if base in spoken else settings.LANGUAGE_CODE


def current_language() -> str:
    """Return the language of the page or email that is being rendered."""
    return get_language() or settings.LANGUAGE_CODE


def current_locale() -> str:
    """Return the name of the CLDR locale for the current language, for numbers and dates."""
    return (get_language() or "en").replace("-", "_")


@lru_cache(maxsize=256)
def language_name(code: str) -> str:
    """Return the language's own name: "Italiano", "العربية". Unknown codes stay as they are."""
    locale = locale_of(code)
    name = locale.get_display_name(locale) if locale else ""
    return name[:1].upper() + name[1:] if name else code


@lru_cache(maxsize=256)
def direction(code: str) -> str:
    """Return "rtl" or "ltr"."""
    locale = locale_of(code)
    return locale.text_direction if locale else "ltr"


# Codes in CLDR that are not languages.
NO_LANGUAGE = {"und", "zxx", "mul", "mis", "root"}


@lru_cache(maxsize=16)
def language_choices(spoken: str) -> list[tuple[str, str]]:
    """Return the languages that CLDR knows, as pairs of code and name in the language `spoken`, sorted by name."""
    names = dict((locale_of(spoken) or Locale("en")).languages)
    known = [(code.replace("_", "-"), name) for code, name in names.items() if localedata.exists(code)]
    found = [(code, name[:1].upper() + name[1:]) for code, name in known if code not in NO_LANGUAGE and len(code) <= 12]
    return sorted(found, key=lambda pair: pair[1].casefold())


# How many languages of a browser's list are read. It may list any number.
MAX_ACCEPTED = 4


def languages_of_browser(accepted: str) -> list[str]:
    """Return the languages of a browser, from its header Accept-Language, without their regions."""
    return [code.partition("-")[0] for code, _ in parse_accept_lang_header(accepted)[:MAX_ACCEPTED]]


def language_groups(
    spoken: str, *, accepted: str, without: Container[str] = ()
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the same languages for a select, in two groups: first the likely ones, each only once.

    Likely are the languages of the browser, from its header Accept-Language, and then those of the interface.
    """
    names = {code: name for code, name in language_choices(spoken) if code not in without}
    likely = dict.fromkeys([*languages_of_browser(accepted), *(code for code, _ in settings.LANGUAGES)])
    first = [(code, names.pop(code)) for code in likely if code in names]
    return [(gettext("Likely languages"), first), (gettext("Other languages"), list(names.items()))]


def is_language(code: str) -> bool:
    """Return whether a letter can be written in this language."""
    return code in dict(language_choices(settings.LANGUAGE_CODE))


def locale_of(code: str) -> Locale | None:
    """Return the CLDR locale of the code; None if CLDR has none."""
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
