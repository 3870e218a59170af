"""A copy checks its own record: a page on a disk, in a real browser, without any server."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from letters.models import Letter, Signature
from letters.public.mirrors import verify
from letters.shared.notes import TlogProof
from letters.signer.signing.queries.receipts import receipt_of
from tests.accessibility import complaints, follow
from tests.ledger_logs.conftest import Signing, ledger_dir, signs
from tests.mirrors.conftest import Make
from tests.people import add_published
from tests.test_journeys import FLAGS, a_browser

__all__ = ["ledger_dir", "signs"]

AGREES = ["signed", "complete", "same-count", "same-text"]


@pytest.fixture
def copy(letter: Letter, make: Make, signs: Signing, tmp_path: Path) -> Path:
    """The folder of a copy that someone has unpacked. The letter has three signatures."""
    return unpacked(letter, make, signs, tmp_path)


@pytest.fixture
def long_copy(letter: Letter, make: Make, signs: Signing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, for a record that is too long for one script."""
    monkeypatch.setattr(verify, "MOST_ENTRIES_IN_SCRIPT", 2)
    return unpacked(letter, make, signs, tmp_path)


def unpacked(letter: Letter, make: Make, signs: Signing, tmp_path: Path) -> Path:
    add_published(letter, 2, affiliation="Society of Sleepers")
    add_published(letter, 1, display="nobody")
    signs.run()
    with ZipFile(make(letter)) as archive:
        archive.extractall(tmp_path / "copy")
    save_receipt(tmp_path / "receipt.tlog-proof")
    add_published(letter, 1)
    signs.run()
    save_receipt(tmp_path / "newer.tlog-proof")
    return tmp_path / "copy"


def save_receipt(file: Path) -> None:
    """Save the receipt of the first signer as it is now."""
    receipt = receipt_of(Signature.objects.get(number=1))
    assert isinstance(receipt, TlogProof)
    file.write_text(str(receipt), encoding="utf-8")


@pytest.fixture
def browser_page() -> Iterator[Page]:
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=a_browser(playwright.chromium.executable_path), args=FLAGS)
        yield browser.new_page()
        browser.close()


def found(page: Page, *, ended: str, button: str = "Check the whole letter") -> list[str]:
    """Check the whole letter; wait for the last sentence, and return the codes of what was found."""
    page.get_by_role("button", name=button).click()
    # Race: the sentence of an earlier check may still be there. While a check runs, no button can be pressed.
    expect(page.get_by_role("button", name=button)).to_be_enabled()
    expect(page.locator("#status")).to_have_text(ended)
    return [line.get_attribute("data-code") or "" for line in page.locator("#results li").all()]


RIGHT = "Everything agrees."
WRONG = "Something does not agree, or could not be checked. The last line says what."


def changed(script: Path, file: str) -> None:
    """Change one letter of one entry in the script of a copy."""
    text = script.read_text()
    ((name, encoded),) = re.findall(rf'"({re.escape(file)}[^"]*)": "([^"]+)"', text)
    content = base64.b64decode(encoded)
    assert b"publish 2 " in content
    other = base64.b64encode(content.replace(b"publish 2 ", b"publish 3 ", 1)).decode()
    script.write_text(text.replace(encoded, other))
    assert name


def test_a_copy_checks_its_record_from_a_disk_and_asks_nobody(copy: Path, browser_page: Page) -> None:
    page, asked = browser_page, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((copy / "index.html").as_uri())
    follow(page.get_by_role("link", name="Check this count"))
    assert found(page, ended=RIGHT) == AGREES
    reports = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        reports += complaints(page, "a copy that agrees", width)
    follow(page.get_by_role("link", name="Keep the night trains running"))
    page.goto((copy / "verify.it.html").as_uri())
    page.get_by_role("button", name="Controlla tutta la lettera").click()
    expect(page.locator("#status")).to_have_text("Tutto coincide.")
    assert [url for url in asked if not url.startswith("file://")] == []
    assert reports == []


def test_a_copy_with_a_changed_entry_is_found_out(copy: Path, browser_page: Page) -> None:
    changed(copy / "script/saved.js", "log/tile/entries/")
    browser_page.goto((copy / "verify.html").as_uri())
    assert found(browser_page, ended=WRONG) == ["signed", "tiles"]


def test_a_signer_checks_a_receipt_with_a_copy(copy: Path, browser_page: Page) -> None:
    browser_page.goto((copy / "verify.html").as_uri())
    receipt = browser_page.get_by_label("Receipt (a file that ends in .tlog-proof)")
    receipt.set_input_files(copy.parent / "receipt.tlog-proof")
    codes = found(browser_page, ended=RIGHT, button="Check my receipt")
    assert codes == ["signed", "included", "opened", "complete", "kept", "is-published", "same-count", "same-text"]
    receipt.set_input_files(copy.parent / "newer.tlog-proof")
    assert found(browser_page, ended=WRONG, button="Check my receipt")[-1] == "later"
    expect(browser_page.locator("#results")).to_contain_text("The receipt is newer than this copy")


def test_readers_of_a_long_letter_choose_the_folder_of_its_record(long_copy: Path, browser_page: Page) -> None:
    page = browser_page
    assert "log/tile" not in (long_copy / "script/saved.js").read_text()
    page.goto((long_copy / "verify.html").as_uri())
    assert found(page, ended=WRONG) == ["signed", "no-folder"]
    assert complaints(page, "a copy that needs its folder", 1280) == []
    folder = page.get_by_label("The folder “log” of this copy")
    # They may choose the folder, or the one in which it is.
    for chosen in (long_copy / "log", long_copy):
        folder.set_input_files(chosen)
        assert found(page, ended=RIGHT) == AGREES
    (bundle,) = (long_copy / "log/tile/entries").rglob("*.p/*")
    bundle.write_bytes(bundle.read_bytes().replace(b"publish 2 ", b"publish 3 ", 1))
    page.reload()
    folder.set_input_files(long_copy / "log")
    assert found(page, ended=WRONG) == ["signed", "tiles"]
