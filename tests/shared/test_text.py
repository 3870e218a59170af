"""Lines stay as they were typed, or are refused with a reason; Markdown becomes harmless HTML."""

import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from letters.shared.markdown import TAGS, render_markdown
from letters.shared.text import UnusableText, clean_line, digest

# Characters that affect their neighbours, much more often than by chance.
AWKWARD = "\u200b\u200c\u200d\u200e\u00ad\u2060\ufeff\u0301\u0327\u3164\u2003\u2028\u00a0\u0085\x1c\t\n aeéA👩🚀"
lines = st.text(st.sampled_from(AWKWARD)) | st.text()

LANGUAGES_OF_NAMES = [
    "Ada Lovelace",
    "Zoë Ngọc Đặng",
    "Søren Ærøskøbing",
    "O'Brien-Smith, Jr.",
    "Γιώργος Παπαδόπουλος",
    "محمد بن علي",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # a Persian word that needs its zero-width non-joiner
    "\u0d28\u0d4d\u200d",  # a Malayalam letter that needs its joiner
    "Ada \U0001f469\u200d\U0001f680",  # an astronaut, joined from two signs
    "王小明",
    "<b>Bob</b> & Söhne",
    "=SUM(A1:A9)",
    "X Æ A-12",
    "🖋",
]


def cleaned(text: str) -> str | None:
    try:
        return clean_line(text)
    except UnusableText:
        return None


@pytest.mark.parametrize("name", LANGUAGES_OF_NAMES)
def test_an_honest_name_is_kept_as_it_was_typed(name: str) -> None:
    typed = unicodedata.normalize("NFC", name)
    assert clean_line(typed) == typed


@given(lines)
@example("e\u200b\u0301")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = cleaned(text)
    assert once is None or clean_line(once) == once


@given(lines)
@example("e\u200b\u0301")
def test_a_clean_line_is_one_line_in_nfc_without_loose_spaces(text: str) -> None:
    line = cleaned(text) or ""
    assert unicodedata.is_normalized("NFC", line)
    assert line == " ".join(line.split())


@given(lines)
def test_nothing_that_can_be_seen_is_lost(text: str) -> None:
    line = cleaned(text)
    if line is not None:
        # Compare in decomposed form (NFD), because neighbours may have been composed into one letter.
        before, after = (unicodedata.normalize("NFD", each) for each in (text, line))
        assert [each for each in after if each.isalnum()] == [each for each in before if each.isalnum()] or line == ""


def test_composed_and_decomposed_letters_are_one() -> None:
    assert clean_line("Zoe\u0308") == "Zoë"


@pytest.mark.parametrize("text", ["  Ada\t \n Lovelace ", "Ada\u00a0\u2003Lovelace", "\u2028Ada\r\nLovelace\x1f"])
def test_inner_white_space_is_folded(text: str) -> None:
    assert clean_line(text) == "Ada Lovelace"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "\u200b\u200b",
        "\u200c",
        "\u200d \u200e\u200f",
        "\u00ad",
        "\ufeff\u2060",
        "\u00a0\u3000\u2003",
        "\u0301\u0301",
        "\ufe0f",
        "\U000e0041",
        # Letters and symbols by category, but invisible: a name made of them would look blank.
        "\u3164",
        "\uffa0",
        "\u115f\u1160",
        "\u2800",
    ],
)
def test_a_line_in_which_nothing_can_be_seen_is_empty(text: str) -> None:
    assert clean_line(text) == ""


@pytest.mark.parametrize("character", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_a_character_that_overrides_text_direction_is_refused(character: str) -> None:
    with pytest.raises(UnusableText) as refusal:
        clean_line(f"Ada {character}ecalevol")
    assert refusal.value.code == "turns_direction"


@pytest.mark.parametrize("character", "\x00\x01\x08\x0e\x1b\x7f\x80\x9f\ufffd\ufffe\uffff\ud800\udfff")
def test_damaged_text_is_refused_and_not_repaired(character: str) -> None:
    with pytest.raises(UnusableText) as refusal:
        clean_line(f"Ada{character}Lovelace")
    assert refusal.value.code == "damaged"


class Elements(HTMLParser):
    """Collect the elements that a browser would make of the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}


PIECES = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt&colon;alert(1))",
    "[a](data:text/html,x)",
    "![a](https://evil.example/pixel.gif)",
    "<https://example.org>",
    "<style>*{}</style>",
    "# one",
    "##### five",
    "> said",
    "```\ncode\n```",
    "*so*",
    "\x00",
    '[a](https://example.org "title")',
    '[a](https://example.org" onclick="alert(1))',
]


@given(st.lists(st.sampled_from(PIECES) | st.text(), max_size=6).map("\n\n".join))
@example("\n\n".join(PIECES))
def test_rendered_markdown_is_harmless(markdown: str) -> None:
    found = Elements(render_markdown(markdown))
    assert found.tags <= TAGS
    allowed = {"href", "rel", "title", "dir", "start", "value", "id", "class"}
    assert {name for name, value in found.attributes} <= allowed
    classes = {value for name, value in found.attributes if name == "class"}
    assert classes <= {"footnotes", "footnote-ref", "footnote-backref"}
    leading = [value.lower() for name, value in found.attributes if name == "href"]
    assert not [href for href in leading if re.match(r"\s*(javascript|data|vbscript):", href)]


def test_markdown_keeps_what_a_letter_needs() -> None:
    html = render_markdown("# What\n\nWe *ask* **them**:\n\n- one\n- [two](https://example.org/)\n\n> three")
    for part in ["<h2>What</h2>", "<em>ask</em>", "<strong>them</strong>", "<li>one</li>", "<blockquote>"]:
        assert part in html
    assert '<a href="https://example.org/" rel="noopener noreferrer nofollow">two</a>' in html


def test_a_headline_in_a_letter_stays_below_the_title_of_the_page() -> None:
    assert "<h1" not in render_markdown("# One\n\nTwo\n===\n\n<h1>Three</h1>")


def test_the_same_text_has_the_same_digest_however_it_was_typed() -> None:
    assert digest("Café", "To all", "one\r\ntwo") == digest("Cafe\u0301", "To all", "one\ntwo")
    assert len(digest("a", "b", "c")) == 32


def test_a_different_text_has_a_different_digest() -> None:
    texts = [("a", "b", "c"), ("a", "b", "d"), ("ab", "", "c"), ("a", "bc", ""), ("b", "a", "c"), ("a", "b", "c ")]
    assert len({digest(*text) for text in texts}) == len(texts)
