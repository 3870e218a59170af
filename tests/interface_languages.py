"""The languages of the interface, and their catalogues."""

from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

ALL = [code for code, name in settings.LANGUAGES]
TRANSLATED = [code for code in ALL if code != settings.LANGUAGE_CODE]


def catalogue_path(language: str) -> Path:
    return Path(settings.BASE_DIR, "letters", "locale", language, "LC_MESSAGES", "django.po")


def catalogue(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def texts(value: object) -> list[str]:
    """Return the text of a message, or its forms for different numbers."""
    return [str(form) for form in value] if isinstance(value, tuple | list) else [str(value)]
