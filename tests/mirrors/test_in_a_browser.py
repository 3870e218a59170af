"""A copy opens with a double click: from a disk, without any server."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from letters.models import Letter
from letters.public.mirrors import contents
from tests.accessibility import complaints, follow
from tests.mirrors.conftest import Make
from tests.people import add_published
from tests.test_journeys import FLAGS, a_browser

# Each page of the list holds two numbers, so that a few names need several.
NAMES = [f"Signer {number}" for number in range(1, 6)]


@pytest.fixture
def copy(letter: Letter, make_with_pdf: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a copy that someone has unpacked."""
    monkeypatch.setattr(contents, "NUMBERS_ON_PAGE", 2)
    add_published(letter, 5, affiliation="Society of Sleepers")
    with ZipFile(make_with_pdf(letter)) as archive:
        archive.extractall(tmp_path / "copy")
    return tmp_path / "copy"


def test_a_copy_shows_the_letter_and_every_name_from_a_disk(copy: Path) -> None:
    expect.set_options(timeout=30_000)
    # Only here: while Playwright runs, Django believes that the whole thread is asynchronous.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=a_browser(playwright.chromium.executable_path), args=FLAGS)
        for width in (360, 1280):
            look_through(browser.new_page(viewport={"width": width, "height": 800}), copy, width)
        browser.close()


def look_through(page: Page, copy: Path, width: int) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((copy / "index.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep the night trains running")
    expect(page.get_by_text("This is a copy of March 3, 2025.")).to_be_visible()
    reports = complaints(page, "letter", width)
    follow(page.get_by_role("link", name="Italiano"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Lasciate correre i treni notturni")
    follow(page.get_by_role("link", name="English"))
    follow(page.get_by_role("link", name="See all 5 signatures"))
    shown = page.locator(".name").all_inner_texts()
    reports += complaints(page, "signatures", width)
    while page.get_by_role("link", name="Newer signatures").count():
        follow(page.get_by_role("link", name="Newer signatures"))
        shown += page.locator(".name").all_inner_texts()
    assert shown == NAMES
    follow(page.get_by_role("link", name="Keep the night trains running"))
    follow(page.get_by_role("link", name="About this copy"))
    reports += complaints(page, "about", width)
    # The font of the letter is there, too.
    assert page.evaluate("document.fonts.check('16px \"Libertinus Serif\"')")
    assert [url for url in asked if not url.startswith("file://")] == []
    assert reports == []
