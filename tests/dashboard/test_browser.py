"""The pages of dashboard and exports in a real browser: what a phone shows, what axe says, and a file that arrives."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.stack import Site, running_site
from tests.test_journeys import LETTER, SCHEMES, Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

PAGES = ["dashboard", "signatures", "exports", "letter_delivery"]
ORGANIZE = "/organize/letters/unpaid-cast/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def password_of(site: Site) -> str:
    """As it is shown to whoever starts the site."""
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
            for scheme in SCHEMES:
                organizer.emulate_media(color_scheme=scheme)
                found = Axe().run(organizer)
                assert found.response["passes"], "axe has looked at nothing"
                if found.violations_count:
                    reports.append(f"{name}, {width}, {scheme}: {found.generate_report()}")
            if organizer.evaluate("document.documentElement.scrollWidth") > width:
                reports.append(f"{name} is wider than {width}")
    assert reports == []


def test_a_file_is_asked_for_made_and_fetched(organizer: Page) -> None:
    """By the worker that `make run` starts; the page says by itself when it is there."""
    organizer.goto(f"{ORGANIZE}exports/")
    organizer.get_by_role("button", name="Export as plain text (CSV)").click()
    button = organizer.get_by_role("button", name="Download")
    expect(button.first).to_be_visible(timeout=30_000)
    with organizer.expect_download() as fetched:
        button.first.click()
    assert fetched.value.suggested_filename.startswith("unpaid-cast-signatures-")
    assert b'"number","name"' in fetched.value.path().read_bytes()


def test_the_letter_is_put_on_paper_where_it_is_delivered(organizer: Page) -> None:
    organizer.goto(f"{ORGANIZE}handover/")
    organizer.get_by_role("button", name="Create PDF").click()
    button = organizer.get_by_role("button", name="Download")
    expect(button).to_be_visible(timeout=60_000)
    with organizer.expect_download() as fetched:
        button.click()
    assert fetched.value.path().read_bytes().startswith(b"%PDF-")


def test_the_form_says_which_site_led_here_and_no_more(site: Site, visitor: Visit) -> None:
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
