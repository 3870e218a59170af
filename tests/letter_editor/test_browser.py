"""Writing in a real browser: from nothing to a live letter, without losing a word."""

import re
from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.accessibility import complaints
from tests.accounts.test_browser import DIGITS, an_address, sign_up
from tests.people import unheard_of
from tests.stack import Site, running_site, text_of, until
from tests.test_journeys import Visit, browser, fill_in, mail_to, someone, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def desk(visitor: Visit, site: Site) -> Page:
    """The browser of a person who has just created an account."""
    page = visitor()
    sign_up(page, site)
    return page


class Hand:
    """A person at the keyboard, who counts their steps."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = self.fields = 0

    def press(self, role: str, name: str) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def fill(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(re.compile(f"^{label}")).fill(text)


def begin(page: Page, title: str = "") -> str:
    """Create a draft and open its editor; return the address of that page."""
    page.goto("/organize/new/")
    page.get_by_label("Addressed to").fill("To the council")
    page.get_by_label("Title").fill(title or f"Keep the library open {uuid4().hex[:6]}")
    page.get_by_label("The letter", exact=True).fill("Five evenings a week.\n\nIt is **ours**.")
    # Once a letter is published, the name is taken.
    page.get_by_label("Who publishes the letter").fill(f"Readers of {unheard_of()}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/organize/letters/**")
    return page.url


def write(page: Page, text: str) -> None:
    page.get_by_label("The letter", exact=True).fill(text)


# Journey 1


def test_from_the_start_page_to_a_live_letter_that_someone_else_has_signed(site: Site, visitor: Visit) -> None:
    page = visitor(viewport={"width": 360, "height": 740})
    email, mark = an_address(), uuid4().hex[:6]
    hand = Hand(page)
    page.goto("/")
    hand.press("link", "Write a letter")
    hand.fill("Addressed to", "To the council")
    hand.fill("Title", f"Keep the library open {mark}")
    hand.fill("The letter", "Five evenings a week.")
    hand.fill("Who publishes the letter", f"Readers of {unheard_of()}")
    hand.fill("Email", email)
    hand.press("button", "Continue")
    until(lambda: site.mails_to(email))
    digits = DIGITS.search(text_of(site.mails_to(email)[0]))
    assert digits
    hand.fill("Code from the email", digits[1])
    hand.press("button", "Confirm")
    # The typed words are there.
    hand.press("button", "Continue")
    hand.press("button", "Save and publish")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your letter is live")
    assert hand.clicks <= 5
    assert hand.fields <= 6
    expect(page.get_by_role("img", name="QR code that leads to the letter")).to_be_visible()
    assert complaints(page, "live", 360) == []

    address = f"/letters/keep-the-library-open-{mark}/"
    signer, (name, signers_email) = visitor(), someone()
    fill_in(signer, name, signers_email, address)
    mail_to(signer, signers_email).locator("a[href*='/signatures/confirm/']").click()
    signer.get_by_role("button", name="Yes, I sign this letter").click()
    expect(signer.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    until(lambda: name in site.get(address).text)
    page.goto(address)
    expect(page.locator("#newest")).to_contain_text(name)


# Automatic saving


def test_the_editor_saves_at_a_pause_and_says_when(desk: Page) -> None:
    url = begin(desk)
    write(desk, "Six evenings a week.")
    expect(desk.locator("#saving")).to_contain_text("Saved")
    desk.goto(url)
    expect(desk.get_by_label("The letter", exact=True)).to_have_value("Six evenings a week.")
    expect(desk.locator("#kept")).to_be_hidden()


def test_neither_of_two_windows_loses_a_word(desk: Page) -> None:
    url = begin(desk)
    other = desk.context.new_page()
    other.goto(url)
    write(other, "What they wrote.")
    expect(other.locator("#saving")).to_contain_text("Saved")
    write(desk, "What I wrote.")
    expect(desk.locator("#saving")).to_contain_text("Another member has saved a different text, which is below.")
    expect(desk.locator("#theirs")).to_contain_text("What they wrote.")
    expect(desk.get_by_label("Same text, to copy from")).to_have_value("What they wrote.")
    # No timer overwrites them: only the button does.
    write(desk, "What we wrote.")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("Saved.")).to_be_visible()
    expect(desk.get_by_label("The letter", exact=True)).to_have_value("What we wrote.")


def test_words_typed_without_a_connection_are_saved_once_it_is_back(desk: Page) -> None:
    url = begin(desk)
    desk.context.set_offline(True)
    write(desk, "Written in a tunnel.")
    expect(desk.locator("#saving")).to_contain_text("Not saved: no connection")
    desk.context.set_offline(False)
    expect(desk.locator("#saving")).to_contain_text("Saved")
    desk.goto(url)
    expect(desk.get_by_label("The letter", exact=True)).to_have_value("Written in a tunnel.")


def test_unsaved_words_of_a_closed_tab_are_offered_again(desk: Page) -> None:
    url = begin(desk)
    desk.context.set_offline(True)
    write(desk, "Before the battery was empty.")
    expect(desk.locator("#saving")).to_contain_text("Not saved")
    again = desk.context.new_page()
    desk.close()
    again.context.set_offline(False)
    again.goto(url)
    expect(again.locator("#kept")).to_contain_text("it was not saved")
    again.get_by_role("button", name="Restore it").click()
    expect(again.get_by_label("The letter", exact=True)).to_have_value("Before the battery was empty.")
    expect(again.locator("#saving")).to_contain_text("Saved")
    again.goto(url)
    expect(again.locator("#kept")).to_be_hidden()


def test_a_signed_out_writer_keeps_the_words_and_continues_after_signing_in(desk: Page) -> None:
    begin(desk)
    cookies = desk.context.cookies()
    desk.context.clear_cookies()
    write(desk, "After two weeks.")
    expect(desk.locator("#saving")).to_contain_text("no longer signed in")
    desk.context.add_cookies(cookies)  # type: ignore[arg-type]
    write(desk, "After two weeks and a coffee.")
    expect(desk.locator("#saving")).to_contain_text("Saved")


def test_a_writer_signed_out_while_starting_finds_the_words_again(desk: Page) -> None:
    desk.goto("/organize/new/")
    desk.get_by_label("Addressed to").fill("To the council")
    desk.get_by_label("Title").fill("Keep the baths open")
    write(desk, "Every Sunday.")
    desk.get_by_label("Who publishes the letter").fill(f"Swimmers of {unheard_of()}")
    cookies = desk.context.cookies()
    desk.context.clear_cookies(name="sessionid")
    desk.get_by_role("button", name="Continue").click()
    # The page now asks a stranger for an address, with the words still there.
    expect(desk.get_by_label("Email", exact=True)).to_have_value("")
    expect(desk.get_by_label("The letter", exact=True)).to_have_value("Every Sunday.")
    desk.context.add_cookies(cookies)  # type: ignore[arg-type]
    desk.goto("/organize/new/")
    desk.get_by_role("button", name="Restore it").click()
    expect(desk.get_by_label("The letter", exact=True)).to_have_value("Every Sunday.")
    desk.get_by_role("button", name="Continue").click()
    expect(desk.get_by_role("button", name="Save and publish")).to_be_visible()
    desk.goto("/organize/new/")
    expect(desk.locator("#kept")).to_be_hidden()


def a_picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (1200, 500), "teal").save(out, "PNG")
    return out.getvalue()


DROP = """([name, type, bytes]) => {
    const body = document.getElementById("text_body");
    const moved = new DataTransfer();
    moved.items.add(new File([new Uint8Array(bytes)], name, { type }));
    body.dispatchEvent(new DragEvent("drop", { dataTransfer: moved, bubbles: true, cancelable: true }));
}"""


def test_a_dropped_picture_is_put_at_the_cursor_and_readers_see_it(desk: Page) -> None:
    begin(desk)
    write(desk, "Before. After.")
    desk.evaluate(DROP, ["a.png", "image/png", list(b"<svg/>")])
    expect(desk.get_by_text("We cannot show this file.")).to_be_visible()
    desk.evaluate(DROP, ["a.txt", "text/plain", list(b"words")])
    expect(desk.get_by_text("You can only drop pictures here")).to_be_visible()
    desk.evaluate(DROP, ["a.png", "image/png", list(a_picture())])
    expect(desk.get_by_label("The letter", exact=True)).to_have_value(re.compile(r"!\[[^\]]+\]\(/media/"))
    # The description is selected, so the next words that are typed describe the picture.
    desk.keyboard.insert_text("The reading room")
    expect(desk.get_by_label("The letter", exact=True)).to_have_value(re.compile(r"!\[The reading room\]\(/media/"))
    expect(desk.frame_locator("#live iframe").get_by_role("img", name="The reading room")).to_be_visible()
    desk.get_by_role("button", name="Save and publish").click()
    desk.get_by_role("link", name="public page").click()
    shown = desk.get_by_role("img", name="The reading room")
    expect(shown).to_be_visible()
    assert shown.evaluate("picture => picture.decode().then(() => picture.naturalWidth)")
    assert desk.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


# Layout and accessibility


def pages_of(url: str) -> dict[str, str]:
    return {
        "start": "/organize/new/",
        "write": url,
        "preview": f"{url}preview/",
        "settings": f"{url}settings/",
        "address": f"{url}address/",
        "translations": f"{url}translations/",
        "translate": f"{url}translations/ar/",
        "pictures": f"{url}pictures/",
        "letters": "/organize/",
        "home": "/",
    }


def test_the_editor_is_accessible_and_fits_on_a_phone(desk: Page) -> None:
    pages = pages_of(begin(desk))
    for width in (360, 1280):
        desk.set_viewport_size({"width": width, "height": 800})
        for name, address in pages.items():
            desk.goto(address)
            assert complaints(desk, name, width) == []
