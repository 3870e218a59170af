"""Salutation, opening and closing: the large initial is where the text begins, not on "Dear ministers,"."""

import pytest

from letters.shared.letter_parts import MIN_CHARACTERS, with_parts
from letters.shared.markdown import render_markdown

LONG = "For twelve years we have taken night trains to the places where we work. " * 4
SHORT = "We will be brief."


def marks(markdown: str) -> list[tuple[str, str]]:
    """Return the class of each marked paragraph, and how its words begin."""
    parts = with_parts(render_markdown(markdown)).split('<p class="')[1:]
    return [(part.split('"')[0], part.split(">", 1)[1][:4]) for part in parts]


def test_a_long_first_paragraph_takes_the_initial() -> None:
    assert marks(f"{LONG}\n\n{LONG}") == [("opening", "For ")]


@pytest.mark.parametrize("salutation", ["Dear ministers,", "Gentile ministra:", "Dear Sir or Madam", "*Dear all,*"])
def test_a_salutation_leaves_the_initial_to_the_paragraph_after_it(salutation: str) -> None:
    first, second = marks(f"{salutation}\n\n{LONG}\n\n{LONG}")
    assert first[0] == "salutation"
    assert second == ("opening", "For ")


@pytest.mark.parametrize(
    "text",
    [
        SHORT,
        f"Dear ministers,\n\n{SHORT}",
        f"Dear ministers,\n\n{SHORT}\n\n## Why\n\n{LONG}",
        f"## Why\n\n{LONG}",
        f"- {LONG}",
        f"> {LONG}",
        f"To the ministry\nRoom 7\n{LONG}",
        f"2025 was a bad year. {LONG}",
        f"Gentile ministra,\n\nper dodici anni abbiamo preso i treni notturni. {LONG}",
        "\n\n".join([SHORT] * 4 + [LONG]),
        "",
    ],
)
def test_there_is_no_initial_without_a_long_paragraph(text: str) -> None:
    assert [name for name, _ in marks(text) if name == "opening"] == []


@pytest.mark.parametrize("salutation", ["Dear ministers,", "Gentile ministra:", "**Dear all,**", "各位\uff1a"])
def test_a_salutation_has_its_style_before_a_short_paragraph_too(salutation: str) -> None:
    assert [name for name, _ in marks(f"{salutation}\n\n{SHORT}\n\n{SHORT}")] == ["salutation"]


@pytest.mark.parametrize("text", [f"{SHORT}\n\n{SHORT}", f"## Why\n\n{SHORT}", f"To the ministry\nRoom 7\n\n{SHORT}"])
def test_a_short_text_without_a_salutation_has_no_parts(text: str) -> None:
    html = render_markdown(text)
    assert with_parts(html) == html


@pytest.mark.parametrize(
    "closing",
    [
        "Yours sincerely,\n\nThe night crew",
        "Yours sincerely,\nThe night crew",
        "In solidarity,\n\nAda Lovelace\n\nLondon, 3 May",
        "*The Unpaid Cast: some twenty artists*",
        "Cordiali saluti,\n\n*Le lettrici*",
    ],
)
def test_a_closing_has_its_style(closing: str) -> None:
    paragraphs = closing.count("\n\n") + 1
    named = [name for name, _ in marks(f"Dear all,\n\n{LONG}\n\n{SHORT}\n\n{closing}")]
    assert named == ["salutation", "opening", *["closing"] * paragraphs]


def test_footnotes_come_after_the_closing() -> None:
    html = with_parts(render_markdown(f"{LONG}[^1]\n\nYours,\n\nAda\n\n[^1]: A source."))
    assert html.count('class="closing"') == 2
    assert '<section class="footnotes">' in html.rpartition('class="closing"')[2]


@pytest.mark.parametrize("end", [SHORT, LONG, "- One,\n- two", "> Yours,\n> Ada", f"Yours,\n\n{LONG}"])
def test_a_text_that_just_ends_has_no_closing(end: str) -> None:
    assert "closing" not in with_parts(render_markdown(f"Dear all,\n\n{LONG}\n\n{SHORT}\n\n{end}"))


def test_a_salutation_alone_is_no_closing() -> None:
    assert [name for name, _ in marks("Dear all,\n\nPlease.")] == ["salutation"]


@pytest.mark.parametrize("start", ["“", "«", "**", "*", "[", "È", "Ż", "我"])
def test_quotation_marks_and_emphasis_before_the_first_letter_do_no_harm(start: str) -> None:
    end = {"**": "**", "*": "*", "[": "](https://example.org)"}.get(start, "")
    word = start if start.isalpha() else f"{start}None{end}"
    assert [name for name, _ in marks(f"{word} of this was paid. {LONG}")] == ["opening"]


def test_only_visible_words_count() -> None:
    hidden = "https://example.org/" + "a" * MIN_CHARACTERS
    assert marks(f"[Dear ministers]({hidden}),\n\n{LONG}") == [("salutation", "<a h"), ("opening", "For ")]


def test_nothing_but_the_classes_is_added() -> None:
    html = render_markdown(f"Dear “A & B” <friends>,\n\n{LONG}\n\n1. One\n\nEnd.")
    marked = with_parts(html)
    for name in ("salutation", "opening", "closing"):
        marked = marked.replace(f' class="{name}"', "")
    assert marked == html
