"""Languages are called what their speakers call them, and run in their direction."""

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from letters.shared.languages import direction, interface_language, language_choices, language_groups, language_name
from letters.urls import LanguageCode

codes = st.from_regex(rf"\A{LanguageCode.regex}\Z") | st.text()


@pytest.mark.parametrize(
    ("code", "spoken"),
    [
        *[("en", "en"), ("it", "it"), ("it-CH", "it"), ("IT", "it"), ("en-GB", "en"), ("ar-EG", "ar")],
        *[("pt", "en"), ("x", "en"), ("", "en")],
    ],
)
def test_a_page_is_in_the_letters_language_if_the_site_has_it(code: str, spoken: str) -> None:
    assert interface_language(code) == spoken


@pytest.mark.parametrize(
    ("code", "name"),
    [("en", "English"), ("it", "Italiano"), ("ar", "العربية"), ("pt-BR", "Português (Brasil)"), ("xx", "xx")],
)
def test_a_language_is_called_what_its_speakers_call_it(code: str, name: str) -> None:
    assert language_name(code) == name


@pytest.mark.parametrize(
    ("code", "runs"), [("ar", "rtl"), ("he", "rtl"), ("fa", "rtl"), ("en", "ltr"), ("zh-Hant", "ltr"), ("xx", "ltr")]
)
def test_a_language_runs_in_its_direction(code: str, runs: str) -> None:
    assert direction(code) == runs


@given(codes)
def test_every_code_that_can_be_typed_has_an_answer(code: str) -> None:
    assert interface_language(code) in dict(settings.LANGUAGES)
    assert language_name(code) or not code
    assert direction(code) in {"ltr", "rtl"}


def test_the_languages_of_browser_and_interface_come_first_and_none_twice() -> None:
    (_, likely), (_, others) = language_groups("en", accepted="de-CH, de;q=0.9, fr;q=0.8, tlh, *;q=0.1")
    assert [name for _, name in likely] == ["German", "French", "English", "Italian", "Spanish", "Arabic"]
    assert sorted(likely + others) == sorted(language_choices("en"))


@pytest.mark.parametrize("accepted", ["", "*", ";;,=q", "x" * 10_000, ", ".join(f"a{letter}" for letter in "abcdefgh")])
def test_any_header_of_a_browser_leaves_the_list_whole(accepted: str) -> None:
    (_, likely), (_, others) = language_groups("it", accepted=accepted)
    assert {"en", "it"} <= dict(likely).keys()
    assert len(likely) <= 10
    assert sorted(likely + others) == sorted(language_choices("it"))


def test_a_language_that_the_letter_has_is_not_offered_again() -> None:
    groups = language_groups("en", accepted="de", without={"de", "en", "zu"})
    assert not {"de", "en", "zu"} & {code for _, languages in groups for code, _ in languages}
