"""A person finds their name on a list and did not sign. They report it, and a moderator removes it: in a browser."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from petition import local
from tests.accessibility import complaints
from tests.stack import Site, running_site, text_of, until
from tests.test_journeys import LETTER, Visit, browser, someone, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

PASSWORD = "a long password of a moderator"
ADD_MODERATOR = f"""
from allauth.account.models import EmailAddress
from letters.models import User
person = User.objects.create_user("wanda@example.org", {PASSWORD!r}, name="Wanda", moderates_site=True)
EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
"""
TWO_HOURS_LATER = """
from datetime import timedelta
from django.utils import timezone
from letters.moderator.reports.tasks import tell_people_named
tell_people_named(now=timezone.now() + timedelta(hours=2))
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        run(site, ADD_MODERATOR)
        yield site


def run(site: Site, code: str) -> None:
    environ = os.environ | site.addresses() | {"LAPTOP": "1", "VAR_DIR": str(site.var)}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code], cwd=local.BASE_DIR, env=environ, check=True, timeout=120
    )


def look(page: Page, what: str) -> list[str]:
    """Return what is wrong with a page on a phone and on a desk."""
    found = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found += complaints(page, what, width)
    page.emulate_media(color_scheme="light")
    return found


def test_the_person_named_reports_it_and_a_moderator_removes_it(site: Site, visitor: Visit) -> None:
    name, email = someone()
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303

    named = visitor(java_script_enabled=False)
    list_url = f"{LETTER}signatures/"
    until(lambda: name in site.get(list_url).text)
    named.goto(list_url)
    number = named.locator(".names li", has_text=name).locator(".number").inner_text()
    named.get_by_role("link", name="My name is here, but I did not sign").click()
    named.get_by_label("Number of the signature").fill(number)
    named.get_by_label("Your email address").fill("named@gmail.com")
    named.get_by_role("button", name="Send me the link").click()
    expect(named.get_by_role("heading", name="Check your email")).to_be_visible()
    named.goto(site.mailed_link("name-report", "named@gmail.com"))
    expect(named.get_by_text(name)).to_be_visible()
    named.get_by_role("button", name="This is my name, but I did not sign").click()
    expect(named.get_by_role("heading", name="We have received your report")).to_be_visible()

    moderator = visitor()
    moderator.goto("/moderate/")
    moderator.get_by_label("Email").fill("wanda@example.org")
    moderator.get_by_label("Password").fill(PASSWORD)
    moderator.get_by_role("button", name="Sign in").click()
    moderator.wait_for_url(lambda url: "/login/" not in url)
    first = moderator.locator(".review-item").first
    expect(first).to_contain_text(name)
    expect(first).to_contain_text("says that they are the person named and did not sign")
    expect(first).not_to_contain_text("named@gmail.com")
    problems = look(moderator, "the queue")
    moderator.set_viewport_size({"width": 1280, "height": 800})
    moderator.keyboard.press("r")
    moderator.keyboard.press("2")
    until(lambda: name not in site.get(list_url).text)

    run(site, TWO_HOURS_LATER)
    until(lambda: len(site.mails_to("named@gmail.com")) == 2)
    assert "The list no longer shows the name that you reported." in text_of(site.mails_to("named@gmail.com")[-1])
    assert problems == []


def test_the_pages_of_the_report_are_accessible(site: Site, visitor: Visit) -> None:
    name, email = someone()
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303
    page = visitor()
    page.goto(f"{LETTER}signatures/my-name/?number=1")
    problems = look(page, "the form")
    page.get_by_label("Your email address").fill("axe@gmail.com")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    problems += look(page, "the answer")
    link = site.mailed_link("name-report", "axe@gmail.com")
    page.goto(link)
    problems += look(page, "the confirmation")
    page.get_by_role("button", name="This is my name, but I did not sign").click()
    expect(page.get_by_role("heading", name="We have received your report")).to_be_visible()
    problems += look(page, "the end")
    assert problems == []
