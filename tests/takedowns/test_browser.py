"""A letter is reported and taken down, its collective appeals, and another moderator restores it: in a real browser."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from petition import local
from tests.accessibility import complaints, follow
from tests.stack import Site, running_site, text_of, until
from tests.test_journeys import LETTER, Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

PASSWORD = "a long password of a moderator"
ADD_PEOPLE = """
from allauth.account.models import EmailAddress
from letters.models import Collective, Membership, User
from django.utils import timezone
for name in ("wanda", "oscar", "olga"):
    email = name + "@example.org"
    person = User.objects.create_user(email, {password!r}, name=name.title(), moderates_site=name != "olga")
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
made = dict(user=person, role="owner", created_at=timezone.now())
Membership.objects.create(collective=Collective.objects.get(letters__slug="unpaid-cast"), **made)
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        environ = os.environ | site.addresses() | {"LAPTOP": "1", "VAR_DIR": str(site.var)}
        command = [sys.executable, "manage.py", "shell", "-c", ADD_PEOPLE.format(password=PASSWORD)]
        subprocess.run(command, cwd=local.BASE_DIR, env=environ, check=True, timeout=120)
        yield site


def sign_in(page: Page, name: str, path: str) -> Page:
    page.goto(path)
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # The address of the form to sign in ends with the path, too, so the path would be found at once.
    page.wait_for_url(lambda url: "/login/" not in url)
    return page


def look(page: Page, what: str) -> list[str]:
    """Return what is wrong with a page on a phone and on a desk."""
    found = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found += complaints(page, what, width)
    page.emulate_media(color_scheme="light")
    return found


def a_reader_reports_it(page: Page) -> list[str]:
    """Report the letter and a signature, without JavaScript. Returns what is wrong with the pages."""
    page.goto(LETTER)
    follow(page.get_by_role("link", name="Report this letter"))
    found = look(page, "report a letter")
    page.get_by_label("I think that it is illegal").check()
    page.get_by_label("Which part, and why?").fill("The third paragraph is false.")
    page.get_by_label("Your email address").fill("rita@example.org")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="We have received your report")).to_be_visible()
    page.goto(f"{LETTER}signatures/")
    page.get_by_role("link", name="Report a signature").click()
    page.get_by_label("Number of the signature").fill("3")
    page.get_by_label("Someone used another person’s name").check()  # noqa: RUF001
    found += look(page, "report a signature")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="We have received your report")).to_be_visible()
    return found


def test_a_letter_goes_down_and_comes_back_after_an_appeal(site: Site, visitor: Visit) -> None:
    reports = a_reader_reports_it(visitor())
    warden = sign_in(visitor(), "wanda", "/site/letters/")
    warden.get_by_label("Web address, number").fill(f"{site.url}{LETTER}")
    expect(warden.get_by_text("1 report", exact=False).first).to_be_visible()
    warden.get_by_role("button", name="Find letters").click()
    expect(warden.get_by_text("The third paragraph is false.")).to_be_visible()
    reports += look(warden, "take a letter down")
    warden.get_by_label("It is illegal content").check()
    warden.get_by_label("The law and its article, or the rule").fill("Section 186 of the Criminal Code")
    warden.get_by_label("What in the letter breaks the law or the rule, and why").fill(
        "The third paragraph states what is not true."
    )
    warden.get_by_label("Someone reported it").check()
    warden.get_by_role("button", name="Take the letter down").click()
    expect(warden.get_by_text("You have taken the letter down.")).to_be_visible()

    reader = visitor()
    reader.goto(LETTER)
    expect(reader.get_by_role("heading", name="This letter was taken down")).to_be_visible()
    reports += look(reader, "a letter that is down")

    owner = sign_in(visitor(), "olga", "/organize/letters/unpaid-cast/taken-down/")
    reports += look(owner, "the statement")
    owner.get_by_label("Why the decision is wrong").fill("The court says that it is true.")
    owner.get_by_role("button", name="Send the appeal").click()
    expect(owner.get_by_text("We have received your appeal.")).to_be_visible()

    other = sign_in(visitor(), "oscar", "/site/letters/")
    reports += look(other, "the letters that are down")
    other.locator("main").get_by_role("link").first.click()
    expect(other.get_by_text("The court says that it is true.")).to_be_visible()
    reports += look(other, "the appeal")
    other.get_by_label("Reasons for your decision").fill("The court is right.")
    other.get_by_role("button", name="Restore the letter").click()
    expect(other.get_by_text("The letter is back as it was.")).to_be_visible()

    reader.goto(LETTER)
    expect(reader.get_by_role("heading", name="The undersigned")).to_be_visible()
    assert reports == []
    assert len(site.mails_to("olga@example.org")) >= 2
    (decision,) = until(lambda: site.mails_to("rita@example.org"))
    assert "The letter was taken down." in text_of(decision)
