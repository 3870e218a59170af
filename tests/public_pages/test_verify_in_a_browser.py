"""The page "Check this count" in a browser, with records that tlog-scales wrote, and every fault that one can have."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

from tests.record_files import NAMELESS, Record
from tests.test_journeys import FLAGS, a_browser

SITE, LOG = "https://letters.example", "/log/12/"
ORIGIN = "letters.example/log/12"
ADA = {"name": "Ada Lovelace", "role": "Countess", "affiliation": "“Analytical” \\ Society\u2028é"}
OPENING, OTHER_OPENING = bytes(range(32)), bytes(range(32, 64))
STATIC = Path(settings.BASE_DIR) / "letters/static"
SCRIPTS = "".join(f'<script src="/static/letters/{name}.js" defer></script>' for name in ("tlog", "ledger", "verify"))
Files = dict[str, bytes]
Found = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = a_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Three signatures, of which one was withdrawn and one removed and restored."""
    record = Record(tmp_path / "log", ORIGIN)
    record.add("text 1 en " + "a" * 64)
    record.publish(1, ADA, OPENING)
    record.publish(2, NAMELESS, OTHER_OPENING)
    record.add("text 2 en " + "b" * 64)
    record.publish(3, ADA, OTHER_OPENING, text=2)
    record.add("remove 3 moderator", "withdraw 1", "restore 3", "carry 2 2", "counts 2 0 0 1 0")
    record.sign()
    return record


SHOWN: dict[str, Any] = {
    "published": 2,
    "withdrawn": 1,
    "removed": 0,
    "texts": [{"number": 1, "published": 0}, {"number": 2, "published": 2}],
}


def files_of(record: Record, shown: dict[str, Any] = SHOWN) -> Files:
    files = {LOG + path: content for path, content in record.files().items()}
    return {**files, "/log/vkeys.txt": record.keys.encode(), "/count": json.dumps(shown).encode()}


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[[Files], Page]]:
    """Open the page of a site with these files."""
    contexts = []
    addresses = {"log_url": LOG, "origin": ORIGIN, "keys_url": "/log/vkeys.txt", "count_url": "/count"}
    body = render_to_string("letters/public_pages/_verify.html", addresses)
    html = f"<!doctype html><html lang=en><title>t</title><body>{body}{SCRIPTS}"

    def open_page(files: Files) -> Page:
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        # The page waits some seconds before it reads a number again.
        page.add_init_script("const real = setTimeout; globalThis.setTimeout = (call) => real(call, 1)")

        def answer(route: Route) -> None:
            path = urlsplit(route.request.url).path
            if path == "/":
                route.fulfill(content_type="text/html; charset=utf-8", body=html)
            elif path.startswith("/static/"):
                route.fulfill(path=STATIC / path.removeprefix("/static/"))
            elif path in files:
                route.fulfill(body=files[path])
            else:
                route.fulfill(status=404, body="")

        page.route(f"{SITE}/**", answer)
        page.goto(f"{SITE}/")
        return page

    yield open_page
    for context in contexts:
        context.close()


def found(page: Page) -> Found:
    expect(page.locator("#check-letter")).to_be_enabled()
    lines = page.locator("#results li")
    return [
        (each.get_attribute("data-found") or "", each.get_attribute("data-code") or "", each.inner_text())
        for each in lines.all()
    ]


def check_letter(page: Page) -> Found:
    page.get_by_role("button", name="Check the whole letter").click()
    return found(page)


def check_receipt(page: Page, receipt: str) -> Found:
    page.get_by_text("Paste the text of the receipt").click()
    page.get_by_label("Text of the receipt").fill(receipt)
    page.get_by_role("button", name="Check my receipt").click()
    return found(page)


def codes(lines: Found) -> list[str]:
    return [code for _, code, _ in lines]


def wrong(lines: Found) -> str:
    """Return the one code that is wrong, which is the last."""
    assert [result for result, _, _ in lines[:-1] if result == "wrong"] == []
    assert lines[-1][0] == "wrong"
    return lines[-1][1]


Opened = Callable[[Files], Page]


def test_the_whole_letter_adds_up(opened: Opened, record: Record) -> None:
    page = opened(files_of(record))
    lines = check_letter(page)
    assert codes(lines) == ["signed", "complete", "same-count", "same-text"]
    assert record.keys.split("\n")[0] in lines[0][2]
    assert "2 published signatures, 1 withdrawn and 0 removed" in lines[2][2]
    expect(page.locator("#status")).to_have_text("Everything agrees.")


def test_a_receipt_shows_the_words_and_that_the_signature_counts(opened: Opened, record: Record) -> None:
    lines = check_receipt(opened(files_of(record)), record.receipt(5, ADA, OTHER_OPENING))
    assert codes(lines) == [
        "signed",
        "included",
        "opened",
        "complete",
        "kept",
        "is-published",
        "same-count",
        "same-text",
    ]
    assert "signature no. 3, with exactly these words: Ada Lovelace, Countess" in lines[2][2]


def test_a_receipt_without_a_name_says_so(opened: Opened, record: Record) -> None:
    lines = check_receipt(opened(files_of(record)), record.receipt(3, NAMELESS, OTHER_OPENING))
    assert codes(lines)[2] == "opened-nameless"


def test_an_old_receipt_still_verifies_and_says_what_has_become_of_the_signature(
    opened: Opened, tmp_path: Path
) -> None:
    record = Record(tmp_path / "log", ORIGIN)
    index = record.publish(1, ADA, OPENING)
    record.sign()
    before = record.receipt(index, ADA, OPENING)
    record.add("withdraw 1")
    record.sign()
    shown = {"published": 0, "withdrawn": 1, "removed": 0, "texts": []}
    lines = check_receipt(opened(files_of(record, shown)), before)
    assert codes(lines) == ["signed", "included", "opened", "complete", "kept", "is-withdrawn", "same-count"]


@pytest.mark.parametrize("size", [256, 700])
def test_records_of_more_than_one_tile_add_up(opened: Opened, tmp_path: Path, size: int) -> None:
    record = Record(tmp_path / "log", ORIGIN)
    for number in range(1, size):
        record.publish(number, NAMELESS, OPENING)
    record.sign()
    shown = {"published": size - 1, "withdrawn": 0, "removed": 0, "texts": [{"number": 1, "published": size - 1}]}
    lines = check_receipt(opened(files_of(record, shown)), record.receipt(size - 1, NAMELESS, OPENING))
    assert codes(lines)[-2:] == ["same-count", "same-text"]


def test_a_full_bundle_may_have_replaced_a_partial_one(opened: Opened, record: Record) -> None:
    files = files_of(record)
    files[f"{LOG}tile/entries/000"] = files.pop(f"{LOG}tile/entries/000.p/11") + b"\x00\x01x"
    assert codes(check_letter(opened(files)))[1] == "complete"


def test_nothing_of_a_receipt_leaves_the_browser(opened: Opened, record: Record) -> None:
    """Not even that there is one: the page reads the same files in the same order."""
    files = files_of(record)
    pages = [opened(files), opened(files)]
    asked: list[list[str]] = [[], []]
    for page, paths in zip(pages, asked, strict=True):
        page.on("request", partial(_note, paths))
    check_letter(pages[0])
    check_receipt(pages[1], record.receipt(5, ADA, OTHER_OPENING))
    assert asked[0] == asked[1]
    assert len(asked[0]) == 4


def _note(paths: list[str], request: Request) -> None:
    paths.append(f"{request.method} {request.url} {request.post_data}")


def test_a_receipt_that_is_cut_off_is_refused_wherever_it_is_cut(opened: Opened, record: Record) -> None:
    receipt = record.receipt(5, ADA, OTHER_OPENING)
    page = opened(files_of(record))
    page.get_by_text("Paste the text of the receipt").click()
    sentences = set()
    for end in range(30, len(receipt) - 3000, 97):
        page.get_by_label("Text of the receipt").fill(receipt[:end])
        page.get_by_role("button", name="Check my receipt").click()
        sentences.add(wrong(found(page)))
    assert sentences <= {"cut", "unsigned", "proof"}
    assert "cut" in sentences


def test_what_is_not_a_receipt_of_this_letter_gets_a_sentence_of_its_own(
    opened: Opened, record: Record, tmp_path: Path
) -> None:
    others = {}
    for origin in ("letters.example/log/13", "other.example/log/12"):
        other = Record(tmp_path / origin.replace("/", "-"), origin)
        index = other.publish(1, ADA, OPENING)
        other.sign()
        others[origin] = other.receipt(index, ADA, OPENING)
    good = record.receipt(5, ADA, OTHER_OPENING)
    receipts = {
        "nothing-chosen": " ",
        "too-large": good + "x" * 65_536,
        "no-receipt": "Dear Sir or Madam",
        "other-letter": others["letters.example/log/13"],
        "other-site": others["other.example/log/12"],
        "newer": record.receipt(5, ADA, OTHER_OPENING, version=2),
        "words": record.receipt(5, {**ADA, "name": "Ada Byron"}, OTHER_OPENING),
        "proof": good.replace("index 5", "index 6"),
        "signature": good.replace(f"{ORIGIN}\n11\n", f"{ORIGIN}\n12\n"),
    }
    for code, receipt in receipts.items():
        assert wrong(check_receipt(opened(files_of(record)), receipt)) == code


def test_a_receipt_from_a_later_state_than_the_record_is_named(opened: Opened, record: Record) -> None:
    files = files_of(record)
    index = record.publish(4, ADA, OPENING, text=2)
    record.sign()
    assert wrong(check_receipt(opened(files), record.receipt(index, ADA, OPENING))) == "later"


def test_a_record_that_was_rewritten_is_named_even_if_its_key_signed_it(
    opened: Opened, record: Record, tmp_path: Path
) -> None:
    receipt = record.receipt(5, ADA, OTHER_OPENING)
    fork = Record(tmp_path / "fork", ORIGIN)
    for number in range(1, 20):
        fork.publish(number, NAMELESS, OPENING)
    fork.sign()
    assert wrong(check_receipt(opened(files_of(fork)), receipt)) == "rewritten"


def test_a_changed_missing_or_swapped_entry_is_found(opened: Opened, record: Record) -> None:
    path = f"{LOG}tile/entries/000.p/11"
    whole = files_of(record)[path]
    for content in (
        whole.replace(b"withdraw 1", b"withdraw 2"),
        whole[:-5],
        whole.replace(b"remove 3 m", b"remove 2 m"),
    ):
        assert wrong(check_letter(opened({**files_of(record), path: content}))) == "tiles"
    files = files_of(record)
    del files[path]
    assert wrong(check_letter(opened(files))) == "missing"


def test_a_record_that_continues_a_closed_one_adds_up_and_receipts_of_both_are_true(
    opened: Opened, record: Record, tmp_path: Path
) -> None:
    """The successor has the entries that were left, and then one that says so. The closed one had one more."""
    before = record.receipt(5, ADA, OTHER_OPENING)
    successor = Record(tmp_path / "successor", f"{ORIGIN}.2")
    successor.continue_from(record)
    index = record.publish(4, ADA, OPENING, text=2)
    record.sign()
    lost = record.receipt(index, ADA, OPENING)
    index = successor.publish(4, NAMELESS, OPENING, text=2)
    successor.sign()
    four = {**SHOWN, "published": 3, "texts": [{"number": 1, "published": 0}, {"number": 2, "published": 3}]}
    files = {f"{LOG}{path}": content for path, content in successor.files().items()}
    files |= {"/log/vkeys.txt": successor.keys.encode(), "/count": json.dumps(four).encode()}
    assert codes(check_letter(opened(files))) == ["signed", "complete", "same-count", "same-text"]
    signed = ["signed", "included"]
    lines = check_receipt(opened(files), before)
    assert codes(lines) == [*signed, "opened", "complete", "kept", "is-published", "same-count", "same-text"]
    assert codes(check_receipt(opened(files), lost))[:5] == [*signed, "opened", "complete", "earlier-record"]
    lines = check_receipt(opened(files), successor.receipt(index, NAMELESS, OPENING))
    assert codes(lines)[:5] == [*signed, "opened-nameless", "complete", "kept"]


def test_a_record_that_no_key_of_the_site_has_signed_is_refused(opened: Opened, record: Record, tmp_path: Path) -> None:
    other = Record(tmp_path / "other", ORIGIN, key=bytes(32))
    assert wrong(check_letter(opened({**files_of(record), "/log/vkeys.txt": other.keys.encode()}))) == "unsigned"
    files = {path: content for path, content in files_of(record).items() if path != f"{LOG}checkpoint"}
    assert wrong(check_letter(opened(files))) == "no-record"


@pytest.mark.parametrize(
    "entry", ["withdraw 9", "restore 2", "withdraw 1", "publish 2 1 - 00", "vanish 2", "begin again"]
)
def test_entries_that_cannot_follow_are_named(opened: Opened, record: Record, entry: str) -> None:
    record.add(entry)
    record.sign()
    lines = check_letter(opened(files_of(record)))
    assert wrong(lines) == "entry"
    assert entry in lines[-1][2]


@pytest.mark.parametrize(
    "shown",
    [{"published": 3}, {"withdrawn": 0}, {"texts": [{"number": 1, "published": 1}, {"number": 2, "published": 1}]}],
)
def test_a_page_that_shows_another_number_is_named(opened: Opened, record: Record, shown: dict[str, Any]) -> None:
    assert wrong(check_letter(opened(files_of(record, {**SHOWN, **shown})))) == "other-count"


def test_a_browser_without_ed25519_checks_the_rest_and_says_so(opened: Opened, record: Record) -> None:
    page = opened(files_of(record))
    page.evaluate("""() => {
        const importKey = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = async (format, key, kind, ...more) => {
            if (kind === "Ed25519") throw new DOMException("Unrecognized name.", "NotSupportedError");
            return importKey(format, key, kind, ...more);
        };
    }""")
    lines = check_letter(page)
    assert [result for result, _, _ in lines] == ["note", "right", "right", "right"]
    assert "cannot check signatures" in lines[0][2]


def test_a_browser_without_hashes_is_told(opened: Opened, record: Record) -> None:
    page = opened(files_of(record))
    page.evaluate("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    assert wrong(check_letter(page)) == "no-crypto"


def test_a_saved_copy_checks_itself_without_a_network(opened: Opened, record: Record) -> None:
    page = opened({})
    page.evaluate(
        """files => { globalThis.savedFiles = files; }""",
        {path: b64encode(content).decode() for path, content in files_of(record).items()},
    )
    assert codes(check_letter(page)) == ["signed", "complete", "same-count", "same-text"]
