"""The plain-text part of an email reads like a letter, without any Markdown."""

import re

import pytest

from letters.shared.absolute_urls import fit_for_email, with_whole_addresses
from letters.shared.markdown import render_markdown
from letters.shared.plain_text import to_plain

SITE = "https://letters.example"


def plain(markdown: str) -> str:
    return to_plain(render_markdown(markdown), base=SITE)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("On **Friday** we *meet* her.", "On Friday we meet her."),
        ("# One\n\nTwo\n\n### Three\n\nFour", "One\n\nTwo\n\nThree\n\nFour"),
        ("First line\\\nsecond line", "First line\nsecond line"),
        ("[The agenda](https://example.org/a?b=1&c=2)", "The agenda (https://example.org/a?b=1&c=2)"),
        ("[Our letter](/letters/night-trains/)", f"Our letter ({SITE}/letters/night-trains/)"),
        ("<https://example.org/>", "https://example.org/"),
        ("[Write](mailto:us@example.org)", "Write (us@example.org)"),
        ("- One\n- Two", "• One\n• Two"),
        ("1. One\n2. Two", "1. One\n2. Two"),
        ("1. One\n\n   More of it.\n\n2. Two", "1. One\n\n   More of it.\n\n2. Two"),
        ("- One\n  - Below\n    1. Deep\n- Two", "• One\n  • Below\n    1. Deep\n• Two"),
        ("> She said\n>\n> no.", "> She said\n>\n> no."),
        ("One\n\n---\n\nTwo", "One\n\n———\n\nTwo"),
        ("`code` and 5 < 6 &amp; 7", "code and 5 < 6 & 7"),
        ("```\nindented  *as is*\n```", "    indented  *as is*"),
    ],
)
def test_each_shape_is_readable(markdown: str, text: str) -> None:
    assert plain(markdown) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<table><tr><th>Line</th><th>Ends</th></tr><tr><td>Vienna</td><td><b>May</b></td></tr><tr><td>Rome</td></tr>",
            "• Line: Vienna; Ends: May\n• Line: Rome",
        ),
        (
            '<p>S<sup><a href="#f1">[1]</a></sup></p><section><ol><li><p>R <a href="#r1">↩︎</a></p></li></ol></section>',
            "S[1]\n\n1. R",
        ),
        (
            '<p>S</p><section class="footnotes"><ol><li><p>R</p><ol><li>a</ol></li><li><p>T</p></ol></section>',
            "S\n\n[1] R\n\n    1. a\n\n[2] T",
        ),
        ('<ol start="7"><li>Seven</li><li value="9">Nine</li><li>Ten</li></ol>', "7. Seven\n9. Nine\n10. Ten"),
        ("<h5>Five</h5><h6>Six</h6><p>x", "Five\n\nSix\n\nx"),
        ('<p><img src="/media/x.webp" alt=""></p>', f"Picture ({SITE}/media/x.webp)"),
        ("<p>Loose</p>words<ul><li>one</li></ul>", "Loose\n\nwords\n\n• one"),
        ("<style>p{}</style><p>Seen</p>", "Seen"),
        ("", ""),
    ],
)
def test_shapes_of_html_are_readable(html: str, text: str) -> None:
    assert to_plain(html, base=SITE) == text


def test_a_url_in_right_to_left_text_keeps_its_direction_and_stays_a_link() -> None:
    text = to_plain('<p>اقرأ <a href="https://example.org/a">الرسالة</a></p>', base=SITE)
    assert text == "اقرأ الرسالة \u200e(https://example.org/a)\u200e"
    assert re.findall(r"https?://[^\s)]+", text) == ["https://example.org/a"]


def test_deep_nesting_causes_no_recursion() -> None:
    assert to_plain("<blockquote>" * 10_000 + "deep", base=SITE).endswith("deep")


def test_no_markdown_is_left() -> None:
    text = plain("# A\n\n**b** *c* [d](https://e.example) `f`\n\n* g\n\n![h](/media/i.webp)\n\n<!-- j -->")
    assert not re.search(r"\*|\]\(|`|^#|!\[", text, re.MULTILINE)


# HTML that is shown outside our site


def test_only_our_own_urls_are_completed() -> None:
    html = '<p><a href="/a?b=1&amp;c=2">a</a> <a href="https://b.eu/">b</a> <a href="#c">c</a> <a href="//d">d</a></p>'
    whole = html.replace('"/a?', f'"{SITE}/a?')
    assert with_whole_addresses(html, SITE) == whole


def test_escaped_text_stays_escaped() -> None:
    html = "<p>&lt;script&gt; &amp;amp; &#x27; é</p>"
    assert with_whole_addresses(html, SITE) == html
    assert fit_for_email(html, SITE) == html


def test_a_picture_in_an_email_is_the_small_one_and_no_wider_than_the_text() -> None:
    sizes = 'loading="lazy" srcset="/m/a-800.webp 800w, /m/a-1600x900.webp 1600w" sizes="100vw"'
    html = f'<img src="/m/a-1600x900.webp" alt="A &quot;train&quot;" width="1600" height="900" {sizes}>'
    assert fit_for_email(html, SITE) == (
        f'<img src="{SITE}/m/a-800.webp" alt="A &quot;train&quot;" width="520" height="292"'
        ' style="max-width:100%;height:auto">'
    )
    assert "loading" not in with_whole_addresses(html, SITE)
    assert f'src="{SITE}/m/a-1600x900.webp"' in with_whole_addresses(html, SITE)
