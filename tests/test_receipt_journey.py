"""Signers save their receipts and check them, and readers check the count, in a real browser on a whole site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import test_journeys
from tests.accessibility import complaints
from tests.stack import Site, running_site, until
from tests.test_journeys import ITALIAN, LETTER, Visit, fill_in, mail_to, someone

pytestmark = pytest.mark.xdist_group("stack")

browser, visitor = test_journeys.browser, test_journeys.visitor

SIZES = [(360, 740), (1280, 900)]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        # Race: the page has nothing to check before the first entries are signed, a few seconds after the start.
        until(lambda: site.get("/log/1/checkpoint").status == 200)
        yield site


def signed(page: Page, site: Site) -> tuple[str, str]:
    """Sign, confirm, and wait on the control page until the receipt is ready. Return the name and the link."""
    name, email = someone()
    fill_in(page, name, email)
    mail_to(page, email).locator("a[href*='/signatures/confirm/']").click()
    page.get_by_role("button", name="Yes, I sign this letter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    link = site.mailed_link("manage", email)
    until(lambda: site.get(f"{link}receipt.tlog-proof").status == 200)
    return name, link


def agrees(page: Page) -> list[str]:
    """Wait until the check is over, and return the codes of what it found."""
    expect(page.locator("#status")).to_have_text("Everything agrees.")
    return [line.get_attribute("data-code") or "" for line in page.locator("#results li").all()]


def test_a_signer_saves_the_receipt_and_sees_that_it_counts(site: Site, visitor: Visit, tmp_path: Path) -> None:
    page = visitor()
    name, link = signed(page, site)
    page.goto(link)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save your receipt").click()
    receipt = tmp_path / download.value.suggested_filename
    download.value.save_as(receipt)
    assert receipt.name == "receipt.tlog-proof"
    page.get_by_role("link", name="Check a receipt").click()
    page.get_by_label("Receipt (a file that ends in .tlog-proof)").set_input_files(receipt)
    page.get_by_role("button", name="Check my receipt").click()
    codes = agrees(page)
    assert codes[:6] == ["signed", "included", "opened", "complete", "kept", "is-published"]
    expect(page.locator("#results")).to_contain_text(name)
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found += complaints(page, "a receipt that is true", width)
    assert found == []


def test_a_reader_comes_from_the_letter_and_checks_the_whole_count(visitor: Visit) -> None:
    page = visitor()
    page.goto(LETTER)
    page.get_by_role("link", name="Check this count").first.click()
    page.get_by_role("button", name="Check the whole letter").click()
    assert agrees(page)[:3] == ["signed", "complete", "same-count"]
    page.goto(f"{ITALIAN}verify/")
    page.get_by_role("button", name="Controlla tutta la lettera").click()
    expect(page.locator("#status")).to_have_text("Tutto coincide.")


def test_a_damaged_receipt_gets_a_sentence(visitor: Visit) -> None:
    page = visitor()
    page.goto(f"{LETTER}verify/")
    page.get_by_text("Paste the text of the receipt").click()
    page.get_by_label("Text of the receipt").fill("c2sp.org/tlog-proof@v1\nindex 1\n")
    page.get_by_role("button", name="Check my receipt").click()
    expect(page.locator("#results li")).to_have_text(
        ["The receipt is cut off or damaged. Download it again behind your private link."]
    )
    assert complaints(page, "a damaged receipt", 1280) == []


def test_without_javascript_the_page_says_how_to_check_otherwise(visitor: Visit) -> None:
    page = visitor(java_script_enabled=False)
    page.goto(f"{LETTER}verify/")
    # Playwright finds no text in <noscript> from outside.
    without = page.locator("noscript p")
    expect(without).to_be_visible()
    expect(without).to_contain_text("You can check the record with other programs instead")
    expect(page.get_by_role("button", name="Check the whole letter")).to_be_hidden()
