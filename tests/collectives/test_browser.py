"""Two people with two browsers: one invites, the other joins. Also how the pages look for each role."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import complaints, follow
from tests.accounts.test_browser import an_address, sign_up, type_the_digits
from tests.stack import Site, running_site
from tests.test_journeys import Visit, browser, mail_to, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

LINK = "a[href*='/organize/invitations/']"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def an_owner(page: Page, site: Site, name: str) -> str:
    """Create an account and a collective; return the address of its page."""
    sign_up(page, site)
    page.goto("/organize/collectives/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Time zone").select_option("Europe/Rome")
    page.get_by_role("button", name="Create collective").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Members")
    return page.url


def invite(page: Page, email: str, role: str = "editor") -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Role", exact=True).select_option(role)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("We are sending the invitation. It can take a few minutes.")).to_be_visible()


def test_someone_is_invited_joins_and_takes_over(site: Site, visitor: Visit) -> None:
    owner, email = visitor(java_script_enabled=False), an_address()
    url = an_owner(owner, site, "Readers of the Old Town")
    invite(owner, email, "owner")

    guest = visitor()
    mail_to(guest, email).locator(LINK).first.click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("You are invited to join")
    guest.get_by_role("link", name="Create an account").click()
    private = an_address()
    guest.get_by_label("Email").fill(private)
    guest.get_by_label("Password").fill("seven sleepers in a night train")
    guest.get_by_role("button", name="Create an account").click()
    type_the_digits(guest, site, private)
    expect(guest.locator("main b")).to_have_text(private)
    guest.get_by_role("button", name="Accept").click()
    expect(guest.get_by_text("You are now a member.")).to_be_visible()

    owner.goto(url)
    expect(owner.get_by_text(private)).to_be_visible()
    owner.get_by_text("Leave the collective").click()
    owner.get_by_role("button", name="Yes, leave").click()
    expect(owner.get_by_text("You have left Readers of the Old Town.")).to_be_visible()
    guest.goto(url)
    guest.get_by_role("link", name="Activity").click()
    lines = guest.locator(".record li > p:first-child")
    expect(lines.first).to_have_text(re.compile("Member [0-9a-f]{4}, who was owner, left."))
    assert "@" not in " ".join(lines.all_inner_texts())


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(width: int, site: Site, visitor: Visit) -> None:
    page, email = visitor(viewport={"width": width, "height": 800}), an_address()
    url = an_owner(page, site, "Friends of the Night Train Between Everywhere and Donaudampfschifffahrtsgesellschaft")
    invite(page, f"someone.with.a.very.long.address.indeed.{email}")
    invite(page, email, "moderator")
    other = visitor()
    sign_up(other, site)
    follow(mail_to(other, email).locator(LINK).first)
    link = other.url
    follow(other.get_by_role("button", name="Accept"))
    page.goto(url)
    reports = complaints(page, "members", width)
    follow(page.get_by_role("button", name="Invite"))
    reports += complaints(page, "nobody invited", width)
    pages = {
        "collectives": "/organize/collectives/",
        "new": "/organize/collectives/new/",
        "settings": f"{url}settings/",
        "record": f"{url}record/",
        "useless link": "/organize/invitations/x/",
    }
    for what, address in pages.items():
        page.goto(address)
        reports += complaints(page, what, width)
    page.goto("/organize/new/")
    for field, text in {"Addressed to": "To the council", "Title": "Keep it open", "The letter": "Please."}.items():
        page.get_by_label(field, exact=True).fill(text)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Set up two-step sign-in before you publish.")).to_be_visible()
    reports += complaints(page, "asked for a second factor", width)
    page.goto(url)
    invite(page, f"next-{email}")
    guest = visitor(viewport={"width": width, "height": 800})
    follow(mail_to(guest, f"next-{email}").locator(LINK).first)
    reports += complaints(guest, "invited, signed out", width)
    sign_up(guest, site)
    follow(mail_to(guest, f"next-{email}").locator(LINK).first)
    reports += complaints(guest, "invited", width)
    follow(guest.get_by_role("button", name="Accept"))
    reports += complaints(guest, "members, for an editor", width)
    assert link.startswith(site.url)
    assert reports == []
