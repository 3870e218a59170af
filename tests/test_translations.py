"""The site is completely translated into each of its languages."""

import re
from gettext import c2py

import pytest
from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from babel.numbers import format_decimal
from django.utils import translation
from django.utils.formats import localize

from tests.interface_languages import ALL, TRANSLATED, catalogue, catalogue_path, texts
from tests.sentences import sentences_of_code, sentences_of_site, sentences_of_template

# Placeholders: %(name)s, %(number)d or {name}.
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
TAGS = re.compile(r"</?[a-z]+(?: [^>]*)?>")
# These placeholders hold how many there are.
COUNTED = re.compile(r"%\((?:seconds|minutes|hours|days|weeks|months|years)\)[sd]")
WORD = re.compile(r"[^\W\d_]{2,}")
# A sentence of four words or more that is the same in two languages was forgotten.
SENTENCE = 4
# Numbers by which every form of every language is used.
NUMBERS = range(1000)
# What a printer of the language would not set.
WRONG_TYPE = {
    "it": r"\w'\w|[“”\"]",
    "fr": r"\w'\w|[“”\"]|«[^\u00a0]|[^\u00a0]»"
    r"|[^\s\u202f;!?(/]\u0020?[;!?](?=\s|$)|(?!Authorization:)\b\w+\u0020?:(?=\s|$)",
    "de": r"\w'\w|[”\"]",
    "es": r"\w'\w|[“”\"]",
    "ar": r"[“”\"]|[\u0600-\u06ff][,;?]",
}


def messages_of(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    messages = messages_of(language)
    assert messages
    assert [message.id for message in messages if not all(texts(message.string)) or message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_left_in_english(language: str) -> None:
    left = [
        original
        for message in messages_of(language)
        for original in texts(message.id)
        if original in texts(message.string) and len(WORD.findall(_bare(original))) >= SENTENCE
    ]
    assert left == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_says_what_the_readable_one_says(language: str) -> None:
    with catalogue_path(language).with_suffix(".mo").open("rb") as compiled:
        assert _sentences(read_mo(compiled)) == _sentences(catalogue(language))


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_what_the_site_says_and_nothing_else(language: str) -> None:
    known = {_key(message.id) for message in messages_of(language)}
    said = sentences_of_site()
    # The plural form may also be used for one.
    assert sorted(map(str, said - known - {_first(key) for key in known})) == []
    assert sorted(map(str, known - said)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_leaves_room_for_what_its_sentence_names(language: str) -> None:
    """A form that is used for one number only may leave the number out: "one signature"."""
    alone = forms_for_one_number(language)
    wrong = []
    for message in messages_of(language):
        originals = texts(message.id)
        for form, translated in enumerate(texts(message.string)):
            found, wanted = set(PLACES.findall(translated)), set(PLACES.findall(originals[-1]))
            may_leave_out = len(originals) > 1 and form in alone and found < wanted and len(wanted - found) == 1
            if found != wanted and not may_leave_out:
                wrong.append((originals[-1], translated))
    assert wrong == []


def test_a_sentence_with_a_time_that_is_counted_has_a_form_for_each_number() -> None:
    """In Arabic, three days, eleven days and a hundred days are three different words."""
    assert [
        message.id for message in messages_of("it") if isinstance(message.id, str) and COUNTED.search(message.id)
    ] == []


def forms_for_one_number(language: str) -> set[int]:
    plural = c2py(catalogue(language).plural_expr)
    used = [plural(number) for number in NUMBERS]
    return {form for form in used if used.count(form) == 1}


def test_forms_are_counted_as_grammar_does() -> None:
    assert {language: forms_for_one_number(language) for language in ("it", "fr", "ar")} == {
        "it": {0},
        "fr": set(),
        "ar": {0, 1, 2},
    }


@pytest.mark.parametrize("language", WRONG_TYPE)
def test_a_language_has_its_own_punctuation(language: str) -> None:
    wrong = re.compile(WRONG_TYPE[language])
    said = [_bare(text) for message in messages_of(language) for text in texts(message.string)]
    assert [text for text in said if wrong.search(text)] == []


def test_spanish_opens_each_question() -> None:
    said = [_bare(text) for message in messages_of("es") for text in texts(message.string)]
    assert [text for text in said if text.count("?") != text.count("¿") or text.count("!") != text.count("¡")] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_tags_are_those_of_the_original(language: str) -> None:
    wrong = [
        (original, translated)
        for message in messages_of(language)
        for original, translated in zip([texts(message.id)[-1]] * 6, texts(message.string), strict=False)
        if sorted(TAGS.findall(translated)) != sorted(TAGS.findall(original))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("number", [0, 7, 1_234, 6_123_456])
def test_one_page_writes_numbers_in_one_way(language: str, number: int) -> None:
    """Django writes most numbers, and Babel those beside dates."""
    with translation.override(language):
        assert localize(number) == format_decimal(number, locale=language)


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
    return {_first(message.id): texts(message.string) for message in messages if message.id}


def _first(key: object) -> str:
    return str(key[0]) if isinstance(key, tuple | list) else str(key)


def _key(key: object) -> object:
    return tuple(key) if isinstance(key, list | tuple) else key


def _bare(text: str) -> str:
    """Return the words without tags and placeholders."""
    return TAGS.sub("", PLACES.sub("", text))
