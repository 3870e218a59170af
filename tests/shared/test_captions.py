"""The title of a picture becomes its caption, if our site stores the picture and it is alone in its paragraph."""

import pytest

from letters.shared.letter_parts import with_parts
from letters.shared.markdown import render_markdown
from letters.shared.plain_text import to_plain

PICTURE = f"/media/{'0' * 32}-1200x600.webp"
CAPTION = "<figcaption>Photo: &lt;b&gt; Ada</figcaption>"


def test_a_picture_with_a_title_is_a_figure_with_a_caption() -> None:
    html = with_parts(render_markdown(f'Before.\n\n![A red train]({PICTURE} "Photo: <b> Ada")\n\nAfter.'))
    assert html.startswith('<p>Before.</p>\n<figure><img src="/media/')
    assert 'alt="A red train"' in html
    assert f"{CAPTION}</figure>\n<p>After.</p>" in html


def test_an_email_shows_description_and_caption() -> None:
    plain = to_plain(render_markdown(f'![A red train]({PICTURE} "Photo: Ada")'), base="https://undersigned.example")
    assert plain == f"Picture: A red train (https://undersigned.example{PICTURE})\n\nPhoto: Ada"


@pytest.mark.parametrize(
    "markdown",
    [
        f"![A red train]({PICTURE})",
        f'![A red train]({PICTURE} " ")',
        f'In a line ![A red train]({PICTURE} "caption") it has none.',
        '![A red train](https://example.org/a.png "caption")',
        f'![A red train][a] ![another][a]\n\n[a]: {PICTURE} "caption"',
        f'[![A red train]({PICTURE} "caption")](https://example.org)',
    ],
)
def test_other_pictures_have_no_caption(markdown: str) -> None:
    html = render_markdown(markdown)
    assert "figure" not in html
    assert "caption" not in html
