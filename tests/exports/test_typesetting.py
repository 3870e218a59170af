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
    """What Typst makes of it, as an image; raises if it cannot be compiled."""
    image = typst.compile(("#{\n" + typst_of(markdown) + "\n}").encode(), format="svg")
    assert isinstance(image, bytes)
    return image.decode()


@given(st.lists(st.sampled_from([*PIECES, *TRAPS]), max_size=40).map("".join))
def test_whatever_is_typed_can_be_set(markdown: str) -> None:
    set_on_paper(markdown)


@given(st.text(max_size=60).filter(lambda text: not any("\ud800" <= each <= "\udfff" for each in text)))
def test_whatever_is_quoted_is_one_string(text: str) -> None:
    typst.compile(f"#assert.eq(str, type({quoted(text)}))".encode(), format="svg")


@pytest.mark.parametrize("trap", ['#panic("no")', '"; panic("no"); "', "}); #panic() {(", '\\"; panic()', "#{panic()}"])
@pytest.mark.parametrize("where", ["{}", "# {}", "- {}", "> {}", "**{}**", "[{}](https://example.org)", "`{}`"])
def test_nothing_that_is_typed_is_a_command(trap: str, where: str) -> None:
    set_on_paper(where.format(trap))


def test_a_link_that_a_browser_would_not_follow_is_none_on_paper() -> None:
    assert "link(" in typst_of("[here](https://example.org)")
    assert "link(" not in typst_of("[here](javascript:alert(1))")
    assert "link(" not in typst_of("[here](ftp://example.org)")


def test_the_blocks_of_a_letter_are_those_of_its_page() -> None:
    made = typst_of("# A\n\nb *c* **d**\n\n- e\n- f\n\n3. g\n\n> h\n\n---\n")
    assert made.split("\n") == [
        'heading(level: 2, {{text("A")}})',
        'par({{text("b "); emph({text("c")}); text(" "); strong({text("d")})}})',
        'list({par({{text("e")}})}, {par({{text("f")}})})',
        'enum(enum.item(3, {par({{text("g")}})}))',
        'quote(block: true, {par({{text("h")}})})',
        "align(center, line(length: 30%, stroke: 0.5pt))",
    ]


def test_the_caption_of_a_picture_is_on_paper_and_its_description_without_one() -> None:
    pictures = {PICTURE: "1.webp"}
    with_caption = typst_of(f'![A red train]({PICTURE} "Photo: Ada")', pictures)
    assert 'alt: "A red train"), caption: text("Photo: Ada"))' in with_caption
    assert 'caption: text("A red train"))' in typst_of(f"![A red train]({PICTURE})", pictures)


def test_a_link_too_long_for_paper_is_its_words() -> None:
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
def test_an_address_among_words_from_right_to_left_is_read_from_left_to_right(markdown: str, address: str) -> None:
    made = typst_of(markdown).replace("\u200b", "")
    assert f"\u2066{address}\u2069" in made
    set_on_paper(markdown)
