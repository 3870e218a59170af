"""Organisations sign without JavaScript, the organizers vouch for one, and readers see them: in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from petition.local import ORGANIZER
from tests.accessibility import complaints, follow
from tests.stack import Site, running_site
from tests.test_journeys import LETTER, Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")
SLUG = LETTER.strip("/").rpartition("/")[2]
ORGANIZE = f"/organize/letters/{SLUG}/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def look(page: Page, what: str) -> list[str]:
    """Return what is wrong with a page on a phone and on a desk."""
    found = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found += complaints(page, what, width)
    page.emulate_media(color_scheme="light")
    return found


def sign_for(page: Page, name: str, website: str, email: str) -> None:
    page.goto(f"{LETTER}organisations/sign/")
    page.get_by_label("Name of the organisation").fill(name)
    page.get_by_label("Its website").fill(website)
    page.get_by_label("Your name").fill("Dora Desk")
    page.get_by_label("Your role there").fill("Chair")
    page.get_by_label("Your email address").fill(email)
    follow(page.get_by_role("button", name="Sign for this organisation"))
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()


def test_organisations_sign_and_the_organizers_vouch(site: Site, visitor: Visit) -> None:
    organizer = visitor()
    organizer.goto(f"{ORGANIZE}settings/")
    organizer.get_by_label("Email").fill(ORGANIZER)
    organizer.get_by_label("Password").fill(site.run.output.partition(f"{ORGANIZER}, password ")[2].split()[0])
    follow(organizer.get_by_role("button", name="Sign in"))
    organizer.get_by_label("Organisations can also sign").check()
    follow(organizer.get_by_role("button", name="Save"))

    person = visitor(java_script_enabled=False)
    sign_for(person, "Rail Union", "www.rail-union.example", "desk@rail-union.example")
    person.goto(site.mailed_link("organisation", "desk@rail-union.example"))
    expect(person.get_by_text("Rail Union")).to_be_visible()
    follow(person.get_by_role("button", name="Yes, this organisation signs"))
    expect(person.get_by_role("heading", name="The organisation has signed")).to_be_visible()

    other = visitor()
    other.goto(f"{LETTER}organisations/sign/")
    problems = look(other, "the form")
    sign_for(other, "Sleepers League", "sleepers.example", "league@gmail.com")
    problems += look(other, "the answer")
    other.goto(site.mailed_link("organisation", "league@gmail.com"))
    problems += look(other, "the confirmation")
    follow(other.get_by_role("button", name="Yes, this organisation signs"))
    expect(other.get_by_role("heading", name="The organizers decide")).to_be_visible()
    other.goto(site.mailed_link("organisation-link", "league@gmail.com"))
    problems += look(other, "the control page")

    organizer.goto(f"{ORGANIZE}organisations/")
    problems += look(organizer, "the organizers' page")
    waiting = organizer.locator(".to-review li", has_text="Sleepers League")
    expect(waiting).to_contain_text("Dora Desk, Chair, signed for it.")
    waiting.locator("summary").click()
    waiting.get_by_label("How you know that it signs, or why you reject it").fill("We called them.")
    follow(waiting.get_by_role("button", name="Vouch for it"))
    expect(organizer.get_by_text("The organisation is on the list.")).to_be_visible()

    reader = visitor()
    reader.goto(LETTER)
    expect(reader.locator("#apart")).to_contain_text("and 2 organisations")
    problems += look(reader, "the letter")
    follow(reader.get_by_role("link", name="See all 2 organisations"))
    expect(reader.get_by_text("vouched for by the organizers")).to_be_visible()
    expect(reader.get_by_text("verified by an address at rail-union.example")).to_be_visible()
    problems += look(reader, "the list")

    follow(other.get_by_role("button", name="Withdraw this organisation"))
    problems += look(other, "the question")
    follow(other.get_by_role("button", name="Yes, withdraw it"))
    expect(other.get_by_role("heading", name="This organisation was withdrawn")).to_be_visible()
    reader.goto(f"{LETTER}organisations/")
    expect(reader.get_by_text("Sleepers League")).to_have_count(0)
    assert problems == []
