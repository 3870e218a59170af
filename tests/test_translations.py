"""The site speaks each of its languages wholly."""

from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings

LANGUAGES = [code for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def catalogue(language: str) -> Path:
    return settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    with catalogue(language).open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    assert messages
    assert [message.id for message in messages if not all(_texts(message.string)) or message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_says_what_the_readable_one_says(language: str) -> None:
    with catalogue(language).open("rb") as readable, catalogue(language).with_suffix(".mo").open("rb") as compiled:
        assert _sentences(read_mo(compiled)) == _sentences(read_po(readable, locale=language))


def _sentences(messages: Catalog) -> dict[str, list[str]]:
    return {_first(message.id): _texts(message.string) for message in messages if message.id}


def _texts(value: object) -> list[str]:
    return list(value) if isinstance(value, tuple | list) else [str(value)]


def _first(key: object) -> str:
    return str(key[0]) if isinstance(key, tuple | list) else str(key)
