"""Texts that nobody typed by hand are refused before they cost anything, with a sentence that says what to do."""

from typing import Any

import markdown_it.parser_inline
import pytest
from django.test import Client

from letters.models import Letter, Translation, User
from letters.organizer.exports.pdf.typesetting import typst_of
from letters.organizer.letter_editor.operations import translate_letter
from letters.shared import markdown
from letters.shared.markdown import MAX_LENGTH, MAX_OPENINGS, MAX_SIGNS, OPENINGS, TooComplicated, render_markdown
from letters.shared.refused import Refused
from letters.shared.too_complex import SENTENCES, problem_of
from tests.conftest import LetterMaker
from tests.people import EN, NOW, browser_of

HOSTILE = {
    "bold": ("**a** " * 16_000, "signs"),
    "brackets": ('"["' * 33_000, "signs"),
    "comments": ("<!--" * 25_000, "signs"),
    "addresses": ("a@b.org " * 12_000, "signs"),
    "lines": ("- a\n" * 20_000, "lines"),
    "wide table": ("|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + "a\n" * 2_900, "cells"),
    "quotations": (">" * 40 + " a", "deep"),
    "lists": ("- " * 30 + "a", "deep"),
    "many quotations": ("> + >   - + + + >  1. \t1. >> >\n" * 2_900, "deep"),
    "many lists": (("- " * 16 + "\n") * 2_900, "deep"),
    "emphasis": ("*a **b " * 100 + "b** a*" * 100, "deep"),
    "pictures in pictures": ("![" * 550 + "a" + "](x)" * 550, "signs"),
    "notes in notes": ("^[" * 400 + "a" + "]" * 400, "signs"),
    "links": ("www.example.org/ " * 5_000, "links"),
    "one link often": ("[a]: https://example.org/" + "a" * 1_900 + "\n\n" + "[a] " * 1_100, "links"),
    "length": ("a" * (MAX_LENGTH + 1), "long"),
}
WRITTEN = ["> - a\n" * 1_400, "- - -\n\n" * 900, "-" * 90_000, "1914 - 1918. a\n" * 2_900, "  1. a\n     - b\n" * 1_400]
DEEP = HOSTILE["lists"][0]


@pytest.mark.parametrize("name", HOSTILE)
def test_text_that_is_too_complex_is_refused(name: str) -> None:
    text, code = HOSTILE[name]
    for make in (render_markdown, typst_of):
        with pytest.raises(TooComplicated) as problem:
            print(len(make(text)))  # noqa: T201
        assert problem.value.code == code


BEFORE_PARSING = ["bold", "brackets", "comments", "addresses", "lines", "wide table", "length"]


@pytest.mark.parametrize("name", [*BEFORE_PARSING, "many quotations", "many lists"])
def test_it_is_refused_before_it_is_parsed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown.MARKDOWN, "parse", lambda *_: pytest.fail("it was parsed"))
    assert problem_of(HOSTILE[name][0])


@pytest.mark.parametrize("text", WRITTEN)
def test_ordinary_lists_quotations_and_lines_are_accepted(text: str) -> None:
    assert problem_of(text) == ""


@pytest.mark.parametrize(
    "sign", ["**a** ", '"["', "![", "^[", "`a", "_a", "~~a", "<a", "[a](b) ", "|a", "[^a]", "a@b.de "]
)
def test_the_parser_takes_few_steps_at_the_limits(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count how often an inline rule looks at a position, instead of the time, which depends on the load."""
    steps = 0
    skip = markdown_it.parser_inline.ParserInline.skipToken

    def counted(self: Any, state: Any) -> None:
        nonlocal steps
        steps += 1
        skip(self, state)

    monkeypatch.setattr(markdown_it.parser_inline.ParserInline, "skipToken", counted)
    signs = sum(map(sign.count, markdown.SIGNS))
    most = MAX_OPENINGS if sign in OPENINGS else MAX_SIGNS // signs
    problem_of(sign * most)
    assert steps < 200 * MAX_SIGNS


@pytest.mark.parametrize("sentence", SENTENCES.values())
def test_each_problem_says_what_to_do(sentence: Any) -> None:
    assert str(sentence).startswith(("This text is too complicated: ", "This text is too long: "))


def test_a_long_letter_with_lists_links_and_a_table_is_accepted() -> None:
    demands = "".join(
        f"{number}. **Demand** with [a link](https://example.org/{number}).\n" for number in range(1, 201)
    )
    table = "| a | b | c |\n|---|---|---|\n" + "| 1 | 2 | 3 |\n" * 100
    assert problem_of(f"{demands}\n\n{table}\n\n" + "A paragraph of many words, and more. " * 1_500) == ""


# The HTML has a limited length


@pytest.mark.parametrize(
    "text",
    [
        "[a]: https://example.org/" + "a" * 1_900 + "\n\n" + "[a] " * 800,
        "[^a]: Note.\n\n" + "[^a] " * 800,
        "|" + "a|" * 99 + "\n|" + "-|" * 99 + "\n" + "a\n" * 190,
    ],
    ids=["one link", "one note", "one table"],
)
def test_a_short_text_does_not_become_a_long_page(text: str) -> None:
    with pytest.raises(TooComplicated) as problem:
        render_markdown(text)
    assert problem.value.code == "html"


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        ("&", MAX_LENGTH),
        ('"', MAX_LENGTH),
        ("ü", MAX_LENGTH),
        ("<", MAX_SIGNS),
        ("- a\n", 2_900),
        ("a.de ", 600),
        ("[a](https://example.org/abcdefgh) ", 600),
        ("![a](/media/" + "0" * 32 + "-9x9.webp)\n", MAX_OPENINGS),
    ],
)
def test_a_long_text_without_markup_is_not_refused_for_its_html(piece: str, times: int) -> None:
    assert problem_of(piece * times) == ""


# Forms and pages


@pytest.mark.django_db
def test_the_editor_shows_the_problem_and_saves_nothing(draft: LetterMaker, organizer: User) -> None:
    letter, desk = draft(), browser_of(organizer)
    before = set(Translation.objects.values_list("body", flat=True))
    fields = {"title": "A", "addressee": "B", "body": DEEP}
    answers = [
        desk.post(f"/organize/letters/{letter.slug}/", fields),
        desk.post(f"/organize/letters/{letter.slug}/text/en/", fields),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("This text is too complicated" in answer.content.decode() for answer in answers)
    assert set(Translation.objects.values_list("body", flat=True)) == before


@pytest.mark.django_db
def test_the_live_preview_shows_the_problem(organizer: User) -> None:
    html = browser_of(organizer).post("/organize/preview/", {"body": HOSTILE["brackets"][0]}).json()["html"]
    assert "This text is too complicated" in html


@pytest.mark.parametrize("page", ["updates/new/", "answers/new/"])
def test_updates_and_answers_show_the_problem(page: str, letter: Letter, organizer: User, client: Client) -> None:
    fields = {
        "title": "A",
        "respondent": "B",
        "language": "en",
        "answered_on": "2025-03-01",
        "body": DEEP,
    }
    answer = browser_of(organizer).post(f"/organize/letters/{letter.slug}/{page}", fields)
    assert answer.status_code == 422
    assert "This text is too complicated" in answer.content.decode()


def test_an_operation_refuses_it_too(draft: LetterMaker, organizer: User) -> None:
    text = EN.__class__(language="en", title="A", addressee="B", body=DEEP)
    with pytest.raises(Refused) as refused:
        translate_letter(draft(), text=text, by=organizer, now=NOW)
    assert refused.value.code == "too_complicated"
