"""Organizers ask for names that appear together, and people sign, withhold and leave: in a real browser."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from petition import local
from tests.accessibility import complaints, follow
from tests.people import unheard_of
from tests.stack import Site, running_site, until
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

PASSWORD = "a long password of an organizer"
SLUG = "together"
PREPARE = """
from allauth.account.models import EmailAddress
from django.utils import timezone
from letters.models import Collective, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import Text, draft_letter
now = timezone.now()
olga = User.objects.create_user("olga@example.org", {password!r}, name="Olga")
EmailAddress.objects.create(user=olga, email=olga.email, verified=True, primary=True)
collective = create_collective(name={name!r}, slug="we-together", by=olga, now=now)
Collective.objects.update(cleared_at=now)
text = Text(language="en", title="Pay us on time", addressee="To the board", summary="", body="We ask to be paid.")
draft_letter(collective, slug={slug!r}, text=text, by=olga, now=now)
"""
PUBLISH = """
from django.utils import timezone
from letters.models import Letter, User
from letters.organizer.letter_editor.operations import publish_letter
publish_letter(Letter.objects.get(slug={slug!r}), by=User.objects.get(name="Olga"), now=timezone.now())
"""


def run_on(site: Site, script: str) -> None:
    environ = os.environ | site.addresses() | {"LAPTOP": "1", "VAR_DIR": str(site.var)}
    command = [sys.executable, "manage.py", "shell", "-c", script]
    subprocess.run(command, cwd=local.BASE_DIR, env=environ, check=True, timeout=120)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        name = f"The {unheard_of().title()} Crew"
        run_on(site, PREPARE.format(password=PASSWORD, slug=SLUG, name=name))
        yield site


def look(page: Page, what: str) -> list[str]:
    """Return what is wrong with a page on a phone and on a desk."""
    found = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found += complaints(page, what, width)
        if folder := os.environ.get("SCREENSHOTS"):
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=f"{folder}/{what} {width} {scheme}.png".replace(" ", "-"), full_page=True)
    page.emulate_media(color_scheme="light")
    return found


def an_organizer_asks_for_it(site: Site, page: Page) -> list[str]:
    path = f"/organize/letters/{SLUG}/settings/"
    page.goto(path)
    page.get_by_label("Email").fill("olga@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    number = page.get_by_label("Show names once this many people have signed with their names")
    number.fill("20")
    save = page.get_by_role("button", name="Save")
    follow(save)
    # It needs an end.
    expect(page.get_by_text("needs a closing date").first).to_be_visible()
    found = look(page, "refused settings")
    page.get_by_label("Open for signatures until").fill("2199-06-01T12:00")
    follow(save)
    expect(number).to_have_value("20")
    found += look(page, "settings")
    run_on(site, PUBLISH.format(slug=SLUG))
    page.goto(path)
    expect(number).to_have_count(0)
    page.goto(f"/organize/letters/{SLUG}/dashboard/")
    expect(page.get_by_text("You and the moderators see what readers see")).to_be_visible()
    return [*found, *look(page, "dashboard")]


def test_names_wait_until_enough_people_have_signed(site: Site, visitor: Visit) -> None:
    reports = an_organizer_asks_for_it(site, visitor())
    page, name, email = visitor(), unheard_of().title(), f"{unheard_of()}@gmail.com"
    page.goto(f"/letters/{SLUG}/")
    expect(page.get_by_text("But the key is on the server")).to_be_visible()
    reports += look(page, "letter")
    page.get_by_label("Your name", exact=True).fill(name)
    page.get_by_role("textbox", name="Your email address").fill(email)
    follow(page.locator("form.signing").get_by_role("button", name="Sign", exact=True))
    page.goto(site.mailed_link("confirm", email))
    expect(page.get_by_text(name)).to_be_visible()
    expect(page.get_by_text("Everyone can see this once all names appear.")).to_be_visible()
    reports += look(page, "confirm")
    follow(page.get_by_role("button", name="Yes, I sign this letter"))
    reports += look(page, "thanks")
    # Longer than the sequencer takes to publish a signature of an ordinary letter.
    manage = until(lambda: site.mailed_link("manage", email))
    for _ in range(3):
        page.goto(f"/letters/{SLUG}/signatures/")
        expect(page.get_by_text("Nobody is named here yet.")).to_be_visible()
        expect(page.get_by_text(name)).to_have_count(0)
    reports += look(page, "list")
    page.goto(manage)
    expect(page.get_by_label("Your name", exact=True)).to_have_value(name)
    reports += look(page, "manage")
    follow(page.get_by_role("button", name="Withdraw my signature"))
    follow(page.get_by_role("button", name="Withdraw my signature"))
    expect(page.get_by_role("heading", name="This signature was withdrawn")).to_be_visible()
    assert reports == []
