"""The editor's tools in a real browser: the preview beside the text, the toolbar, and pasting."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.test_browser import sign_up
from tests.letter_editor.copied import COPIED
from tests.letter_editor.test_browser import begin, write
from tests.stack import Site, running_site
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def desk(visitor: Visit, site: Site) -> Page:
    """The browser of a person who has just created an account."""
    page = visitor(viewport={"width": 1280, "height": 800})
    sign_up(page, site)
    return page


# The preview beside the text


def test_the_preview_follows_the_typing_beside_the_text(desk: Page) -> None:
    begin(desk)
    page = desk.frame_locator("#live iframe")
    desk.get_by_label("Title").fill("Keep the baths open")
    write(desk, "Every **Sunday**, says [the council](https://example.org/).")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep the baths open")
    expect(page.locator(".text strong")).to_have_text("Sunday")
    text, preview = desk.get_by_label("The letter", exact=True).bounding_box(), desk.locator("iframe").bounding_box()
    assert text
    assert preview
    assert text["x"] + text["width"] < preview["x"]
    # The preview is the page that readers get, and nothing in it works.
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_disabled()
    expect(page.get_by_text("WhatsApp")).to_be_visible()
    assert page.get_by_text("WhatsApp").get_attribute("href") is None


def test_on_a_phone_the_preview_is_one_tap_away(visitor: Visit, site: Site) -> None:
    page = visitor(viewport={"width": 360, "height": 740})
    sign_up(page, site)
    begin(page)
    expect(page.locator("#live iframe")).to_be_hidden()
    page.locator(".views").get_by_role("button", name="Preview").click()
    expect(page.frame_locator("#live iframe").locator(".text strong")).to_have_text("ours")
    expect(page.get_by_label("Title")).to_be_hidden()
    page.locator(".views").get_by_role("button", name="Write").click()
    expect(page.get_by_label("Title")).to_be_visible()


def test_there_is_no_toolbar_without_javascript_and_the_preview_has_a_page(visitor: Visit, site: Site) -> None:
    page = visitor(java_script_enabled=False)
    page.goto("/organize/new/")
    expect(page.get_by_label("The letter", exact=True)).to_be_visible()
    expect(page.locator("#toolbar")).to_be_hidden()


# The toolbar


def value_of(page: Page) -> str:
    return page.get_by_label("The letter", exact=True).input_value()


def select(page: Page, words: str) -> None:
    page.evaluate(
        """words => {
            const body = document.getElementById("text_body"), start = body.value.indexOf(words);
            body.focus();
            body.setSelectionRange(start, start + words.length);
        }""",
        words,
    )


def test_the_toolbar_writes_markdown_and_undo_removes_it(desk: Page) -> None:
    desk.goto("/organize/new/")
    bar = desk.get_by_role("toolbar", name="Formatting")
    for tool, wanted in {
        "Bold": "Five **evenings** a week",
        "Italic": "Five *evenings* a week",
        "Link": "Five [evenings](https://) a week",
        "Heading": "## Five evenings a week",
        "Bulleted list": "- Five evenings a week",
        "Numbered list": "1. Five evenings a week",
        "Quote": "> Five evenings a week",
        "Footnote": "Five evenings[^1] a week\n\n[^1]: text of the footnote",
    }.items():
        write(desk, "Five evenings a week")
        select(desk, "evenings")
        bar.get_by_role("button", name=tool).click()
        assert value_of(desk) == wanted, tool
        for _ in range(2 if tool == "Footnote" else 1):
            desk.get_by_label("The letter", exact=True).press("Control+z")
        assert value_of(desk) == "Five evenings a week", tool


def test_a_tool_used_twice_removes_its_mark(desk: Page) -> None:
    desk.goto("/organize/new/")
    bar = desk.get_by_role("toolbar", name="Formatting")
    for tool in ("Bold", "Italic", "Heading", "Bulleted list", "Numbered list", "Quote"):
        write(desk, "one\ntwo")
        select(desk, "one\ntwo" if "list" in tool else "one")
        bar.get_by_role("button", name=tool).click()
        assert value_of(desk) != "one\ntwo"
        bar.get_by_role("button", name=tool).click()
        assert value_of(desk) == "one\ntwo", tool


def test_the_toolbar_has_shortcuts_and_one_stop_of_the_tab_key(desk: Page) -> None:
    desk.goto("/organize/new/")
    write(desk, "Five evenings a week")
    for key, wanted in {"b": "**evenings**", "i": "*evenings*", "k": "[evenings](https://)"}.items():
        write(desk, "Five evenings a week")
        select(desk, "evenings")
        desk.keyboard.press(f"Control+{key}")
        assert wanted in value_of(desk)
    desk.get_by_label("Title").focus()
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("button", name="Heading")).to_be_focused()
    desk.keyboard.press("ArrowRight")
    expect(desk.get_by_role("button", name="Bold")).to_be_focused()
    desk.keyboard.press("End")
    expect(desk.get_by_role("button", name="Footnote")).to_be_focused()
    desk.keyboard.press("ArrowRight")
    expect(desk.get_by_role("button", name="Heading")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.get_by_label("The letter", exact=True)).to_be_focused()


# Pasting

PASTE = """([html, plain]) => {
    const body = document.getElementById("text_body");
    body.focus();
    body.select();
    const copied = new DataTransfer();
    copied.setData("text/html", html);
    copied.setData("text/plain", plain);
    const paste = new ClipboardEvent("paste", { clipboardData: copied, bubbles: true, cancelable: true });
    return body.dispatchEvent(paste);
}"""


@pytest.mark.parametrize("name", sorted(COPIED))
def test_pasting_keeps_headings_links_lists_and_notes(desk: Page, name: str) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto("/organize/new/")
    write(desk, "Old")
    assert not desk.evaluate(PASTE, [COPIED[name].html, "Plain"])
    assert value_of(desk) == COPIED[name].markdown
    assert not [url for url in asked if "tracker" in url]
    desk.get_by_label("The letter", exact=True).press("Control+z")
    assert value_of(desk) == "Old"


def test_text_without_formatting_and_plain_pasting_are_left_to_the_browser(desk: Page) -> None:
    desk.goto("/organize/new/")
    assert desk.evaluate(PASTE, ['<div style="color:red"><span>Only</span> words, **typed**</div>', "Plain"])
    desk.get_by_label("The letter", exact=True).focus()
    desk.keyboard.down("Control")
    desk.keyboard.down("Shift")
    desk.keyboard.down("V")
    assert desk.evaluate(PASTE, ["<h1>Heading</h1>", "Heading"])
