"""Writing to signers in a real browser, with a real worker: what the organizer sees, and what the signer gets."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import complaints
from tests.accounts.test_browser import sign_up
from tests.people import unheard_of
from tests.stack import Site, links_in, running_site, text_of, until
from tests.test_journeys import Visit, browser, fill_in, someone, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

TITLE = "Keep the night trains running"
NEWS = "The minister has asked us in"
SUBJECT = "An update about a letter that you signed"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def publish_a_letter(page: Page) -> str:
    """Return the address of its organizer's pages."""
    page.goto("/organize/new/")
    page.locator("#text_addressee").fill("To the ministers of transport")
    page.locator("#text_title").fill(TITLE)
    page.locator("#text_body").fill("Four sleeper lines are to end in December.\n\nKeep them.")
    page.locator("#text_collective").fill(f"Friends of {unheard_of()}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your letter is live")
    return page.url.removesuffix("live/")


def sign_and_agree(page: Page, site: Site, letter: str) -> str:
    """Return the address of a person who has signed and wants updates."""
    name, email = someone()
    page.goto(letter)
    page.locator("#sign_updates").check()
    page.locator("#sign_name").fill(name)
    page.locator("#sign_email").fill(email)
    page.locator("form.signing button[type=submit]").click()
    page.wait_for_url("**/signatures/check/**")
    page.goto(site.mailed_link("confirm", email))
    page.get_by_role("button", name="Yes, I sign this letter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    return email


class Looks:
    """Collects what axe says about each page, and which pages scroll sideways."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.reports: list[str] = []

    def at(self, page: Page, what: str) -> None:
        self.reports += complaints(page, what, self.width)


def write_and_send(desk: Page, look: Looks) -> None:
    if desk.locator(".menu-button").is_visible():
        desk.get_by_text("Menu", exact=True).click()
    desk.get_by_role("link", name="Updates").click()
    look.at(desk, "nothing written")
    desk.get_by_role("link", name="Write an update").click()
    desk.get_by_role("button", name="Save", exact=True).click()
    look.at(desk, "what is missing")
    desk.locator("#update_title").fill(NEWS)
    desk.locator("#update_body").fill("On **Friday** we meet her.\n\n- We bring your names.\n- Come along.")
    expect(desk.locator("#live strong")).to_have_text("Friday")
    look.at(desk, "writing")
    desk.get_by_role("button", name="Save and preview").click()
    look.at(desk, "preview")
    desk.get_by_role("button", name="Send me a test").click()
    expect(desk.get_by_text("We are sending a test to")).to_be_visible()
    desk.get_by_role("link", name="Continue to sending").click()
    expect(desk.get_by_text("We will email it to 1 signer")).to_be_visible()
    look.at(desk, "sending")
    desk.get_by_role("button", name="Send now").click()
    desk.evaluate("window.loadedOnce = true")
    # The page is not reloaded until then.
    expect(desk.get_by_text("Sent.")).to_be_visible(timeout=60_000)
    assert desk.evaluate("window.loadedOnce")
    look.at(desk, "sent")


def enter_the_answer(desk: Page, look: Looks) -> None:
    desk.locator("#answer_respondent").fill("Anna Weber, Minister of Transport")
    desk.locator("#answer_answered_on").fill(datetime.now(UTC).date().isoformat())
    desk.locator("#answer_body").fill("We have read your letter. The lines stay until spring.")
    desk.locator("#answer_link").fill("https://example.org/answer")
    desk.get_by_role("button", name="Save").click()
    look.at(desk, "answer")
    desk.get_by_role("button", name="Publish answer").click()
    look.at(desk, "answer published")


def read_it_all(reader: Page, look: Looks) -> None:
    expect(reader.locator("#answer")).to_contain_text("The lines stay until spring.")
    look.at(reader, "letter")
    reader.get_by_role("link", name=NEWS).click()
    expect(reader.locator("article strong")).to_have_text("Friday")
    look.at(reader, "one of the news")
    reader.get_by_role("link", name="All updates").click()
    look.at(reader, "news")


@pytest.mark.parametrize("width", [1280, 360])
def test_an_update_reaches_people_who_agreed_and_the_page_follows_by_itself(
    width: int, site: Site, visitor: Visit
) -> None:
    desk, look = visitor(viewport={"width": width, "height": 800}), Looks(width)
    sign_up(desk, site)
    letter_pages = publish_a_letter(desk)
    letter = letter_pages.replace("/organize", "")
    email = sign_and_agree(visitor(), site, letter)
    silent = someone()[1]
    fill_in(visitor(), "Berta", silent, letter)
    desk.goto(letter_pages)
    write_and_send(desk, look)
    (mail,) = until(lambda: [mail for mail in site.mails_to(email) if mail["Subject"] == SUBJECT])
    assert "On Friday we meet her." in text_of(mail)
    assert [mail["Subject"] for mail in site.mails_to(silent)] == ["Confirm your signature"]

    desk.goto(f"{letter_pages}answers/new/")
    enter_the_answer(desk, look)
    desk.goto(f"{letter_pages}updates/")
    look.at(desk, "all that was written")

    reader = visitor(viewport={"width": width, "height": 800})
    reader.goto(letter)
    read_it_all(reader, look)
    reader.goto(links_in(mail)["unsubscribe"])
    look.at(reader, "no more mail?")
    reader.get_by_role("button", name="Unsubscribe").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("You are unsubscribed from updates about this letter")
    look.at(reader, "no more mail")
    assert look.reports == []
