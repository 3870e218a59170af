"""The site is completely translated into each of its languages."""

import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings

from tests.sentences import sentences_of_code, sentences_of_site, sentences_of_template

LANGUAGES = [code for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]

# Placeholders: %(name)s, %(number)d or {name}.
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def catalogue(language: str) -> Path:
    return Path(settings.BASE_DIR, "letters", "locale", language, "LC_MESSAGES", "django.po")


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_has_what_the_site_says_and_nothing_else(language: str) -> None:
    with catalogue(language).open("rb") as file:
        known = {_key(message.id) for message in read_po(file, locale=language) if message.id}
    said = sentences_of_site()
    # The plural form may also be used for one.
    assert sorted(map(str, said - known - {_first(key) for key in known})) == []
    assert sorted(map(str, known - said)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_leaves_room_for_what_its_sentence_names(language: str) -> None:
    with catalogue(language).open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    for message in messages:
        for original, translated in zip(_texts(message.id), _texts(message.string), strict=True):
            assert set(PLACES.findall(translated)) == set(PLACES.findall(original)), original


def test_italian_has_its_own_quotation_marks_and_apostrophes() -> None:
    with catalogue("it").open("rb") as file:
        texts = [text for message in read_po(file, locale="it") if message.id for text in _texts(message.string)]
    assert [text for text in texts if re.search(r"\w'\w|[“”]", text)] == []


def test_sentences_are_found_as_gettext_is_asked_for_them() -> None:
    assert set(
        sentences_of_template(
            "{% load i18n %}{% if a %}{% translate 'Done: 5 %.' %}{% endif %}{% translate word %}"
            "{% include 'x.html' with label=_('Sign') %}{{ name|default:_(\"nobody\") }}"
            "{% blocktranslate trimmed %}\n  Over\n  two lines\n{% endblocktranslate %}"
            "{% blocktranslate count n=many %}{{ n }} name{% plural %}{{ n }} names{% endblocktranslate %}"
        )
    ) == {"Done: 5 %%.", "Sign", "nobody", "Over two lines", ("%(n)s name", "%(n)s names")}
    assert set(
        sentences_of_code(
            "_('In ' 'two pieces')\ngettext(word)\ntranslation.gettext('By its module')\nprint('Not said')\n"
            "ngettext('one', 'many', n)\n"
        )
    ) == {"In two pieces", "By its module", ("one", "many")}


def _sentences(messages: Catalog) -> dict[str, list[str]]:
    return {_first(message.id): _texts(message.string) for message in messages if message.id}


def _texts(value: object) -> list[str]:
    return list(value) if isinstance(value, tuple | list) else [str(value)]


def _first(key: object) -> str:
    return str(key[0]) if isinstance(key, tuple | list) else str(key)


def _key(key: object) -> object:
    return tuple(key) if isinstance(key, list | tuple) else key
