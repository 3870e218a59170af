"""The pages of dashboard and exports in a real browser: on a phone, with axe, and with a real download."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import complaints
from tests.stack import Site, running_site
from tests.test_journeys import LETTER, Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

PAGES = ["dashboard", "signatures", "exports", "letter_delivery"]
ORGANIZE = "/organize/letters/unpaid-cast/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def password_of(site: Site) -> str:
    """Return the password that `make run` shows."""
    return site.run.output.partition("organizer@example.org, password ")[2].split()[0]


@pytest.fixture
def organizer(site: Site, visitor: Visit) -> Page:
    """The owner of the sample letter, on a phone, signed in."""
    page = visitor(viewport={"width": 360, "height": 800}, accept_downloads=True)
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("organizer@example.org")
    page.get_by_label("Password").fill(password_of(site))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    return page


def test_axe_finds_nothing_and_nothing_scrolls_sideways(organizer: Page) -> None:
    reports = []
    for name in PAGES:
        organizer.goto(f"{ORGANIZE}{name}/")
        for width in (360, 1280):
            organizer.set_viewport_size({"width": width, "height": 800})
            reports += complaints(organizer, name, width)
    assert reports == []


def test_a_file_can_be_requested_built_and_downloaded(organizer: Page) -> None:
    """The worker of `make run` builds the file, and the page shows it without a reload."""
    organizer.goto(f"{ORGANIZE}exports/")
    organizer.get_by_role("button", name="Export as plain text (CSV)").click()
    button = organizer.get_by_role("button", name="Download")
    expect(button.first).to_be_visible(timeout=30_000)
    with organizer.expect_download() as fetched:
        button.first.click()
    assert fetched.value.suggested_filename.startswith("unpaid-cast-signatures-")
    assert b'"number","name"' in fetched.value.path().read_bytes()


def test_the_delivery_page_offers_the_letter_as_a_pdf(organizer: Page) -> None:
    organizer.goto(f"{ORGANIZE}handover/")
    organizer.get_by_role("button", name="Create PDF").click()
    button = organizer.get_by_role("button", name="Download")
    expect(button).to_be_visible(timeout=60_000)
    with organizer.expect_download() as fetched:
        button.click()
    assert fetched.value.path().read_bytes().startswith(b"%PDF-")


def test_the_form_sends_only_the_host_of_the_site_that_led_here(site: Site, visitor: Visit) -> None:
    page, email = visitor(), f"ada-{uuid4().hex[:8]}@example.org"
    page.goto(LETTER, referer="https://www.news.example/a/story?reader=7")
    assert page.evaluate("document.referrer").startswith("https://www.news.example")
    sent = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    page.locator("#sign_name").fill("Ada Lovelace")
    page.locator("#sign_email").fill(email)
    page.locator("form.signing button[type=submit]").click()
    page.wait_for_url("**/signatures/check/**")
    assert "via=www.news.example" in sent[0]
    assert "story" not in sent[0]
