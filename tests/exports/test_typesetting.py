import re

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

from letters.organizer.exports.pdf.typesetting import quoted, typst_of

PICTURE = f"/media/{'0' * 32}-1200x600.webp"
PIECES = [
    "# ",
    "## ",
    "- ",
    "1. ",
    "> ",
    "**",
    "*",
    "`",
    "```\n",
    "[a](",
    "https://example.org",
    ")",
    "---",
    "\n",
    "\n\n",
]
TRAPS = ['#panic("no")', "$x$", "\\", '"', "{", "}", "[", "]", "//", "/*", "@here", "<label>", "Keep", " ", "é", "\x01"]


def set_on_paper(markdown: str) -> str:
    """Return Typst's image of the source; raises an error if it cannot be compiled."""
    image = typst.compile(("#{\n" + typst_of(markdown) + "\n}").encode(), format="svg")
    assert isinstance(image, bytes)
    return image.decode()


@given(st.lists(st.sampled_from([*PIECES, *TRAPS]), max_size=40).map("".join))
def test_everything_that_people_type_can_be_typeset(markdown: str) -> None:
    set_on_paper(markdown)


@given(st.text(max_size=60).filter(lambda text: not any("\ud800" <= each <= "\udfff" for each in text)))
def test_every_quoted_text_is_one_string(text: str) -> None:
    typst.compile(f"#assert.eq(str, type({quoted(text)}))".encode(), format="svg")


@pytest.mark.parametrize("trap", ['#panic("no")', '"; panic("no"); "', "}); #panic() {(", '\\"; panic()', "#{panic()}"])
@pytest.mark.parametrize("where", ["{}", "# {}", "- {}", "> {}", "**{}**", "[{}](https://example.org)", "`{}`"])
def test_nothing_that_people_type_is_a_command(trap: str, where: str) -> None:
    set_on_paper(where.format(trap))


def test_a_link_that_no_browser_would_follow_is_plain_text_on_paper() -> None:
    assert "link(" in typst_of("[here](https://example.org)")
    assert "link(" not in typst_of("[here](javascript:alert(1))")
    assert "link(" not in typst_of("[here](ftp://example.org)")


def test_the_pdf_has_the_same_blocks_as_the_page() -> None:
    made = typst_of("# A\n\nb *c* **d**\n\n- e\n- f\n\n3. g\n\n> h\n\n---\n")
    assert made.split("\n") == [
        'heading(level: 2, {{text("A")}})',
        'par({{text("b "); emph({text("c")}); text(" "); strong({text("d")})}})',
        'list({par({{text("e")}})}, {par({{text("f")}})})',
        'enum(enum.item(3, {par({{text("g")}})}))',
        'quote(block: true, {par({{text("h")}})})',
        "align(center, line(length: 30%, stroke: 0.5pt))",
    ]


LETTER = f"Dear ministers,\n\n{'Four lines end. ' * 20}\n\nKeep them.\n\nYours sincerely,\n\nAda\n"


def test_salutation_opening_and_closing_are_set_as_on_the_page() -> None:
    salutation, opening, text, *closing = typst_of(LETTER).split("\n")
    assert salutation == 'block(below: 1.5em, par({{text("Dear ministers,")}}))'
    assert re.fullmatch(r'par\(\{text\(size: 2\.4em, [^{]+, "F"\); text\("our lines end\. .*"\)\}\)', opening)
    assert text == 'par({{text("Keep them.")}})'
    assert closing == [
        'block(above: 2.4em, below: 0.75em, par({{text("Yours sincerely,")}}))',
        'block(above: 0.75em, below: 0.75em, par({{text("Ada")}}))',
    ]
    set_on_paper(LETTER)


def test_no_large_initial_from_right_to_left_nor_in_emphasis() -> None:
    assert "2.4em, fill" not in typst_of(LETTER, has_initial=False)
    emphasized = LETTER.replace("Four", "*Four*", 1)
    assert "2.4em, fill" not in typst_of(emphasized)
    set_on_paper(emphasized)


def test_footnotes_after_the_closing_do_not_hide_it() -> None:
    assert typst_of(LETTER.replace("them.", "them.[^1]") + "\n[^1]: In 2024.\n").count("block(above: ") == 2


def test_a_picture_on_paper_shows_its_caption_or_else_its_description() -> None:
    pictures = {PICTURE: "1.webp"}
    with_caption = typst_of(f'![A red train]({PICTURE} "Photo: Ada")', pictures)
    assert 'alt: "A red train"), caption: text("Photo: Ada"))' in with_caption
    assert 'caption: text("A red train"))' in typst_of(f"![A red train]({PICTURE})", pictures)


def test_a_link_too_long_for_paper_is_only_its_words() -> None:
    assert "link(" not in typst_of(f"[here](https://example.org/{'a' * 9000})")
    assert "link(" in typst_of(f"[here](https://example.org/{'a' * 900})")


@pytest.mark.parametrize(
    ("markdown", "address"),
    [
        ("اقرأ https://example.org/a/?b=1 الآن", "https://example.org/a/?b=1"),
        ("اقرأ <https://example.org/a/> الآن", "https://example.org/a/"),
        ("اقرأ www.example.org/a/ الآن", "www.example.org/a/"),
        ("اكتبوا إلى ada@example.org.", "ada@example.org"),
        ("اقرأ [الرسالة](https://example.org/a/) الآن", "https://example.org/a/"),
        ("קראו [את זה](mailto:ada@example.org)", "ada@example.org"),
    ],
)
def test_an_address_in_right_to_left_text_is_read_from_left_to_right(markdown: str, address: str) -> None:
    made = typst_of(markdown).replace("\u200b", "")
    assert f"\u2066{address}\u2069" in made
    set_on_paper(markdown)
