"""Whole journeys in a real browser, against the site as `make run` starts it."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect, sync_playwright

from tests.accessibility import complaints
from tests.people import unheard_of
from tests.stack import Site, running_site, text_of, until
from tests.stack import links_in as mailed_links

pytestmark = pytest.mark.xdist_group("stack")

LETTER = "/letters/unpaid-cast/"
ITALIAN = "/it/letters/unpaid-cast/"
FLAGS = [
    *["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    *["--disable-sync", "--no-first-run"],
]
# A page with its style and scripts, and the font of letters.
HEAVIEST = 120_000

Visit = Callable[..., Page]


# The site, the browser, and its visitors


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser only for this module: while Playwright runs, Django believes that the whole thread is asynchronous."""
    # Ten processes and a browser compete for two cores: a page may need more than the five seconds of the default.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        program = a_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def a_browser(own: str) -> str:
    """The program of a Chromium on this machine, or Playwright's own."""
    found = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    if Path(own).exists():
        found.append(own)
    if not found and os.environ.get("CI") == "true":
        pytest.fail("No Chromium here: the journeys were not tried. Install one; CI must have it.")
    if not found:
        pytest.skip("no Chromium here: install chromium or google-chrome, or run `playwright install chromium`")
    return found[0]


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Visit]:
    """Open a page as a person whom the site has never seen: `visitor(java_script_enabled=False)`."""
    contexts: list[BrowserContext] = []
    mistakes: list[str] = []

    def come(**options: Any) -> Page:
        contexts.append(browser.new_context(base_url=site.url, **options))
        contexts[-1].set_default_timeout(30_000)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda said: mistakes.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield come
    for context in contexts:
        context.close()
    assert mistakes == []


def someone() -> tuple[str, str]:
    """Return a name and an address that nobody has signed with yet."""
    mark = unheard_of()
    return f"Ada {mark.title()}", f"ada-{mark}@example.org"


# Steps


def fill_in(page: Page, name: str, email: str, letter: str = LETTER) -> None:
    """Sign, and arrive at "check your email"."""
    page.goto(letter)
    page.locator("#sign_name").fill(name)
    page.locator("#sign_email").fill(email)
    page.locator("form.signing button[type=submit]").click()
    page.wait_for_url("**/signatures/check/**")


def mail_to(page: Page, email: str) -> Locator:
    """Return the email to that address on the page /mailbox/, which is reloaded until it is there."""
    mail = page.locator("article.mail", has_text=email)

    def is_there() -> bool:
        page.goto("/mailbox/")
        return mail.count() > 0

    until(is_there)
    return mail.first


def links_in(mail: Locator) -> list[str]:
    return [link.get_attribute("href") or "" for link in mail.locator(".mail-text a").all()]


def published(site: Site) -> int:
    return int(json.loads(site.get(f"{LETTER}count/").text)["published"])


# The main job


def test_a_signer_sees_the_number_and_so_does_a_reader_with_the_letter_open(site: Site, visitor: Visit) -> None:
    name, email = someone()
    reader = visitor()
    reader.goto(LETTER)
    reader.evaluate("window.loadedOnce = true")
    before = int(reader.locator("#headline b").inner_text())

    signer = visitor()
    fill_in(signer, name, email)
    mail_to(signer, email).locator("a[href*='/signatures/confirm/']").click()
    expect(signer.locator(".signed-as")).to_contain_text(name)
    assert len(site.mails_to(email)) == 1
    signer.get_by_role("button", name="Yes, I sign this letter").click()
    expect(signer.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    # Nothing that people share of it reveals anything.
    assert urlsplit(signer.url).path == f"{LETTER}thanks/"
    signer.goto(site.mailed_link("manage", email))

    def has_its_number() -> bool:
        signer.reload()
        return signer.get_by_text(f"No. {before + 1}").is_visible()

    until(has_its_number)

    expect(reader.locator("#headline b")).to_have_text(str(before + 1))
    expect(reader.locator("#newest")).to_contain_text(name)
    assert reader.evaluate("window.loadedOnce")


@pytest.mark.parametrize("address", [LETTER, f"{LETTER}thanks/"])
def test_a_reader_copies_or_shares_the_address_of_the_letter(address: str, site: Site, visitor: Visit) -> None:
    reader = visitor(permissions=["clipboard-read", "clipboard-write"])
    reader.add_init_script("navigator.share = async (what) => { window.shared = what.url; };")
    reader.goto(address)
    shares = reader.get_by_role("region", name="Share this letter")
    shares.get_by_role("button", name="Copy the link").click()
    expect(shares.get_by_role("button", name="Copied")).to_be_visible()
    assert reader.evaluate("navigator.clipboard.readText()") == f"{site.url}{LETTER}"
    shares.get_by_role("button", name="Share", exact=True).click()
    reader.wait_for_function("url => window.shared === url", arg=f"{site.url}{LETTER}")


def test_buttons_that_need_a_script_or_the_system_are_hidden_without_it(visitor: Visit) -> None:
    for options in ({"java_script_enabled": False}, {}):
        reader = visitor(**options)
        reader.add_init_script("delete Navigator.prototype.share")
        reader.goto(LETTER)
        expect(reader.get_by_role("button", name="Share", exact=True)).to_be_hidden()
    expect(reader.get_by_role("button", name="Copy the link")).to_be_visible()


def test_signing_works_without_javascript(visitor: Visit) -> None:
    name, email = someone()
    signer = visitor(java_script_enabled=False)
    fill_in(signer, name, email)
    mail_to(signer, email).locator("a[href*='/signatures/confirm/']").click()
    signer.get_by_role("button", name="Yes, I sign this letter").click()
    expect(signer.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    signer.get_by_role("link", name="All signatures").click()

    def has_come() -> bool:
        signer.reload()
        return name in signer.locator("main").inner_text()

    until(has_come)


@pytest.mark.parametrize("java_script", [True, False])
def test_a_nameless_signer_keeps_the_link_and_leaves_none_behind(site: Site, visitor: Visit, java_script: bool) -> None:
    _, email = someone()
    signer = visitor(java_script_enabled=java_script)
    assert site.sign("unpaid-cast", email, "", display="nobody").status == 303
    confirm = site.mailed_link("confirm", email)
    signer.goto(confirm)
    signer.get_by_role("button", name="Yes, I sign this letter").click()
    link = signer.locator("details .address")
    expect(link).to_be_hidden()
    signer.get_by_text("Show my private link").click()
    expect(link).to_be_visible()
    assert site.get(urlsplit(link.inner_text()).path).status == 200
    if java_script:
        signer.wait_for_url(f"**{LETTER}thanks/")
    else:
        assert urlsplit(signer.url).path == confirm
    signer.goto(LETTER)
    # Without JavaScript, the browser would have to send the form once more, and says so.
    with suppress(Error):
        signer.go_back()
    expect(signer.locator("html")).not_to_contain_text("/signatures/manage/")
    expect(signer.locator("[href*='/signatures/manage/']")).to_have_count(0)


def test_the_code_confirms_on_the_open_page_on_a_phone(site: Site, visitor: Visit) -> None:
    name, email = someone()
    signer = visitor(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    fill_in(signer, name, email)
    digits = re.search(r"^\s*(\d{3} \d{3})\s*$", mail_to(visitor(), email).inner_text(), re.MULTILINE)
    assert digits
    field = signer.get_by_label("Code from the email")
    # A numeric keyboard, with the suggestion that the phone has just read in the email.
    expect(field).to_have_attribute("inputmode", "numeric")
    expect(field).to_have_attribute("autocomplete", "one-time-code")
    expect(field).to_be_in_viewport()
    field.tap()
    field.press_sequentially(digits[1])
    button = signer.get_by_role("button", name="Continue")
    expect(button).to_be_in_viewport()
    button.tap()
    expect(signer.locator(".signed-as")).to_contain_text(name)
    assert signer.evaluate("document.documentElement.scrollWidth") <= 360
    signer.get_by_role("button", name="Yes, I sign this letter").tap()
    expect(signer.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    assert signer.evaluate("document.documentElement.scrollWidth") <= 360
    until(lambda: name in site.get(f"{LETTER}signatures/").text)


def test_a_scanner_that_opens_every_link_of_an_email_confirms_and_deletes_nothing(site: Site, visitor: Visit) -> None:
    name, email = someone()
    signer = visitor()
    fill_in(signer, name, email)
    before = published(site)
    links = every_link(mail_to(signer, email), visitor())
    assert purposes(links) == {"confirm", "not-me"}
    scan(links, site, visitor())

    signer.goto(next(link for link in links if "/signatures/confirm/" in link))
    assert published(site) == before
    signer.get_by_role("button", name="Yes, I sign this letter").click()
    expect(signer.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    until(lambda: published(site) == before + 1)


def test_a_scanner_that_opens_every_link_of_the_second_email_withdraws_nothing(site: Site, visitor: Visit) -> None:
    name, email = someone()
    manage = sign_and_confirm(site, name, email)
    before = published(site)
    links = every_link(mail_to(visitor(), email), visitor())
    assert purposes(links) == {"manage", "not-me"}
    scan(links, site, visitor())

    assert published(site) == before
    assert name in site.get(f"{LETTER}signatures/").text
    assert email in site.get(manage).text


def scan(links: set[str], site: Site, browser: Page) -> None:
    """Do what malware scanners do: open links in a browser that runs scripts, and request them again and again."""
    for link in links:
        browser.goto(link)
        browser.wait_for_load_state("networkidle")
    for link in links:
        path = urlsplit(link).path
        for _ in range(100 // len(links)):
            assert (site.get(path).status, site.head(path).status) == (200, 200)


def every_link(mail: Locator, other_page: Page) -> set[str]:
    """Return the links to the site itself. Others share the letter elsewhere, and contain only its public address."""
    found = {*links_in(mail), *links_in_html(other_page, mail)}
    own = urlsplit(other_page.url).netloc
    return {link for link in found if urlsplit(link).netloc in {"", own} and not link.startswith("mailto:")}


def purposes(links: set[str]) -> set[str]:
    """Return the purposes of the links that lead to a signature."""
    return {urlsplit(link).path.split("/")[2] for link in links if "/signatures/" in link}


def links_in_html(page: Page, mail: Locator) -> list[str]:
    page.goto(mail.get_by_role("link", name="View as HTML").get_attribute("href") or "")
    return [link.get_attribute("href") or "" for link in page.locator("a").all()]


def test_an_italian_letter_is_read_signed_and_confirmed_in_italian(site: Site, visitor: Visit) -> None:
    name, email = someone()
    signer = visitor()
    signer.goto(LETTER)
    signer.get_by_role("link", name="Italiano").click()
    signer.wait_for_url(f"**{ITALIAN}")
    fill_in(signer, name, email, ITALIAN)
    assert speaks(signer) == "it"
    (mail,) = until(lambda: site.mails_to(email))
    assert "firma" in mail["Subject"].lower()
    assert "Avete collaudato il vostro modello" in text_of(mail)
    link = next(link for link in links_in(mail_to(signer, email)) if "/signatures/confirm/" in link)
    signer.goto(link)
    assert speaks(signer) == "it"
    signer.locator("main form button").click()
    signer.wait_for_url(f"**{ITALIAN}thanks/")
    assert speaks(signer) == "it"
    until(lambda: name in site.get(ITALIAN).text)
    signer.goto(ITALIAN)
    expect(signer.locator("#newest")).to_contain_text(name)


def speaks(page: Page) -> str | None:
    return page.locator("html").get_attribute("lang")


def test_a_confirmed_signature_is_on_every_page_within_two_seconds(site: Site) -> None:
    name, email = someone()
    assert site.sign("unpaid-cast", email, name).status == 303
    link = site.mailed_link("confirm", email)
    number = published(site) + 1
    assert site.post(link).status == 303
    seen = {
        LETTER: name,
        f"{LETTER}signatures/": name,
        f"{LETTER}count/": f'"published": {number}',
        "/": f"<b>{number}</b> signatures",
    }
    until(lambda: all(text in site.get(path).text for path, text in seen.items()), 2)


# Later, with the link in the second email


def sign_and_confirm(site: Site, name: str, email: str) -> str:
    """Sign without a browser, and wait until the signature is published. Returns the path of the control link."""
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303
    until(lambda: name in site.get(f"{LETTER}signatures/").text)
    return site.mailed_link("manage", email)


def test_a_changed_and_a_hidden_name_and_a_withdrawal_are_in_effect_everywhere_within_two_seconds(
    site: Site, visitor: Visit
) -> None:
    name, email = someone()
    new_name, _ = someone()
    page = visitor()
    page.goto(sign_and_confirm(site, name, email))
    count, number = published(site), number_of(name, site)

    def is_in_effect(shown: set[str], *, not_shown: str, counted: int) -> bool:
        return beside(number, site) == shown and counts(site) == {counted} and not_shown not in everywhere(site)

    page.get_by_label("Your name", exact=True).fill(new_name)
    press(page, "Save")
    until(lambda: is_in_effect({new_name}, not_shown=name, counted=count), 2)

    page.get_by_label("Only the organizers see my name").check()
    press(page, "Save")
    until(lambda: is_in_effect({"name withheld", "nome non pubblicato"}, not_shown=new_name, counted=count), 2)

    press(page, "Withdraw my signature")
    press(page, "Yes, withdraw my signature")
    until(lambda: is_in_effect({"withdrawn", "ritirata"}, not_shown=new_name, counted=count - 1), 2)
    expect(page.get_by_role("heading", level=1)).to_have_text("This signature was withdrawn")
    assert email not in page.content()


def test_a_signer_can_download_what_is_stored_about_them(site: Site, visitor: Visit) -> None:
    name, email = someone()
    page = visitor()
    page.goto(sign_and_confirm(site, name, email))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything as a file").click()
    assert download.value.suggested_filename == "my-signature.json"
    stored = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert (stored["name"], stored["address"], stored["state"]) == (name, email, "published")


WITH_NAMES = [LETTER, ITALIAN, f"{LETTER}signatures/", f"{ITALIAN}signatures/"]
# How each public page gives the number of signatures.
COUNTED = {
    **dict.fromkeys([LETTER, ITALIAN], r"<b data-count>(\d+)</b>"),
    **dict.fromkeys([f"{LETTER}signatures/", f"{ITALIAN}signatures/"], r"<h1[^>]*>(\d+) "),
    **dict.fromkeys(["/", "/it/"], r"<b>(\d+)</b> (?:signatures|firme)"),
    f"{LETTER}count/": r'"published": (\d+)',
}


def press(page: Page, button: str) -> None:
    """Return when the site has answered."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name=button).click()


def everywhere(site: Site) -> str:
    """Return everything that the public sees."""
    return "".join(site.get(path).text for path in COUNTED)


def counts(site: Site) -> set[int]:
    return {int(number) for path, said in COUNTED.items() for number in re.findall(said, site.get(path).text)}


def number_of(name: str, site: Site) -> int:
    found = re.search(rf'<span class="number">(\d+)</span>\s+[^/]*{name}<', site.get(f"{LETTER}signatures/").text)
    assert found
    return int(found[1])


def beside(number: int, site: Site) -> set[str]:
    """Return what all pages with names show beside that number."""
    entry = re.compile(rf'<span class="number">{number}</span>\s+(.*?)</li>', re.DOTALL)
    lines = [line for path in WITH_NAMES for line in entry.findall(site.get(path).text)]
    return {" ".join(re.sub("<[^>]*>", "", line).split()) for line in lines}


# Mistakes


def test_an_incomplete_form_says_at_each_field_what_is_missing_and_keeps_what_was_typed(visitor: Visit) -> None:
    page = visitor()
    page.goto(LETTER)
    page.locator("#sign_affiliation").fill("Friends of the Night Train")
    page.locator("#sign_email").fill("ada@example")
    page.locator("#sign_display_1").check()
    page.locator("form.signing button[type=submit]").click()

    expect(page.locator("#problems")).to_be_focused()
    for field, sentence in {
        "name": "Enter your name.",
        "email": "The part after the @ is incomplete",
    }.items():
        wrong = page.locator(f"#sign_{field}")
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(wrong).to_have_accessible_description(re.compile(sentence))
    expect(page.locator("#sign_affiliation")).to_have_value("Friends of the Night Train")
    expect(page.locator("#sign_email")).to_have_value("ada@example")
    expect(page.locator("#sign_display_1")).to_be_checked()

    page.locator("#problems a").first.click()
    page.keyboard.type("Ada")
    expect(page.locator("#sign_name")).to_have_value("Ada")


def test_signing_works_with_the_keyboard_alone_and_focus_is_always_visible(visitor: Visit) -> None:
    name, email = someone()
    # Without smooth scrolling, which would still be moving when the test looks.
    page = visitor(reduced_motion="reduce")
    page.goto(LETTER)
    page.keyboard.press("Tab")
    assert focus(page)["text"] == "Skip to the content"
    tab_to(page, "sign_name")
    page.keyboard.type(name)
    tab_to(page, "sign_email")
    page.keyboard.type(email)
    tab_to(page, "sign_display_0")
    page.keyboard.press("ArrowDown")
    assert focus(page)["id"] == "sign_display_1"
    tab_to(page, "sign_updates")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signatures/check/**")


def focus(page: Page) -> dict[str, Any]:
    """Return where the focus is, and whether it is visible."""
    found: dict[str, Any] = page.evaluate(
        """() => {
            const here = document.activeElement, style = getComputedStyle(here), box = here.getBoundingClientRect();
            const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
            const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
            return { id: here.id, text: here.textContent.trim(), outline, inside };
        }"""
    )
    return found


def tab_to(page: Page, wanted: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        here = focus(page)
        assert here["outline"], here
        assert here["inside"], here
        if here["id"] == wanted:
            return
    pytest.fail(f"Tab never came to {wanted}")


# Every page


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, str]:
    """Return the address of each page by its kind: for a pending signature, and for a confirmed one."""
    _, waiting = someone()
    check = site.sign("unpaid-cast", waiting).location
    _, confirmed = someone()
    site.sign("unpaid-cast", confirmed)
    used = site.mailed_link("confirm", confirmed)
    site.post(used)
    manage = site.mailed_link("manage", confirmed)
    until(lambda: "big-number" in site.get(manage).text)
    site.sign("unpaid-cast", confirmed, "Another Name")
    asks = until(lambda: [links for links in map(mailed_links, site.mails_to(confirmed)) if "confirm" in links][1:])
    return {
        "home": "/",
        "about": "/about/",
        "how we count": "/it/how-we-count/",
        "privacy": "/privacy/",
        "letter": LETTER,
        "the letter in Italian": ITALIAN,
        "form with errors": LETTER,
        "check": check,
        "check with an error": check,
        "confirm": site.mailed_link("confirm", waiting),
        "not me": site.mailed_link("not-me", waiting),
        "thanks": f"{LETTER}thanks/",
        "used link": used,
        "signed already": asks[0]["confirm"],
        "manage": manage,
        "list": f"{LETTER}signatures/",
        "nothing there": "/letters/no-such-letter/",
        "useless link": f"/signatures/confirm/{'x' * 60}/",
        "mailbox": "/mailbox/",
        "a form's address, opened": f"{LETTER}sign/",
    }


def show(page: Page, what: str, pages: dict[str, str]) -> None:
    page.goto(pages[what])
    if "error" in what:
        page.locator("main form button[type=submit]").first.click()
        page.locator("p.error").first.wait_for()


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page_in_light_or_dark(width: int, visitor: Visit, pages: dict[str, str]) -> None:
    page = visitor(viewport={"width": width, "height": 800})
    reports = []
    for what in pages:
        show(page, what, pages)
        reports += complaints(page, what, width)
    assert reports == []


@pytest.mark.parametrize("width", [320, 360])
def test_no_page_scrolls_sideways_on_a_small_phone(width: int, visitor: Visit, pages: dict[str, str]) -> None:
    page = visitor(viewport={"width": width, "height": 640})
    wide = {}
    for what in pages:
        show(page, what, pages)
        wide[what] = page.evaluate("document.documentElement.scrollWidth")
    assert {what: found for what, found in wide.items() if found > width} == {}


def test_the_address_that_was_typed_is_shown_only_in_the_window_that_typed_it(site: Site, visitor: Visit) -> None:
    name, email = someone()
    page = visitor()
    fill_in(page, name, email)
    expect(page.locator("#typed")).to_contain_text(email)
    page.reload()
    expect(page.locator("#typed")).to_contain_text(email)
    page.get_by_role("button", name="Send the email again").click()
    page.wait_for_url("**?again")
    expect(page.locator("#typed")).to_contain_text(email)
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert page.context.cookies() == []
    # The page itself and its URL, which people may share, do not contain it.
    assert email not in site.get(urlsplit(page.url).path).text
    other = visitor()
    other.goto(page.url)
    expect(other.locator("#typed")).to_be_hidden()
    assert email not in other.content()


@pytest.mark.parametrize("has_javascript", [True, False])
@pytest.mark.parametrize("button", ["Yes, sign with {name}@gmail.com", "No, my address is right"])
def test_the_question_about_a_mistyped_address_is_answered_with_one_tap(
    visitor: Visit, button: str, has_javascript: bool
) -> None:
    name, mark = someone()[0], unheard_of()
    page = visitor(viewport={"width": 360, "height": 740}, java_script_enabled=has_javascript)
    page.goto(LETTER)
    page.locator("#sign_name").fill(name)
    page.locator("#sign_email").fill(f"{mark}@gmial.com")
    page.locator("form.signing button[type=submit]").click()
    expect(page.locator("#sign_email_error")).to_have_text(f"Did you mean {mark}@gmail.com?")
    expect(page.locator("#whose-mail")).to_have_text("")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("button", name=button.format(name=mark)).click()
    page.wait_for_url("**/signatures/check/**")
    if has_javascript:
        domain = "gmail.com" if button.startswith("Yes") else "gmial.com"
        expect(page.locator("#typed")).to_contain_text(f"{mark}@{domain}")


def test_the_enter_key_keeps_a_mistyped_address(visitor: Visit) -> None:
    page, mark = visitor(), unheard_of()
    page.goto(LETTER)
    page.locator("#sign_name").fill(someone()[0])
    page.locator("#sign_email").fill(f"{mark}@gmial.com")
    page.keyboard.press("Enter")
    page.locator("#sign_email_error").wait_for()
    page.locator("#sign_email").press("Enter")
    page.wait_for_url("**/signatures/check/**")
    expect(page.locator("#typed")).to_contain_text(f"{mark}@gmial.com")


@pytest.mark.parametrize("size", [(360, 740), (1280, 900)])
def test_the_sign_button_is_always_in_reach(size: tuple[int, int], visitor: Visit) -> None:
    page = visitor(viewport={"width": size[0], "height": size[1]}, java_script_enabled=False)
    page.goto(LETTER)
    # The second link is the one beside the text; the first screen has another one at its top.
    first, link = page.locator(".count .button"), page.locator(".sign-bar .button")
    expect(first).to_be_in_viewport()
    if size[0] < 1000:
        expect(link).not_to_be_in_viewport()
    for heading in ("What we could not say", "What we ask for"):
        page.get_by_role("heading", name=heading).evaluate("heading => heading.scrollIntoView()")
        expect(link).to_be_in_viewport(ratio=1)
    link.click()
    expect(page.get_by_label("Your name", exact=True)).to_be_in_viewport()
    expect(link).not_to_be_in_viewport()


def test_no_page_loads_anything_from_another_site_or_stores_anything(
    site: Site, visitor: Visit, pages: dict[str, str]
) -> None:
    page = visitor()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for what in pages:
        show(page, what, pages)
        page.wait_for_load_state("networkidle")
    assert {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in asked} == {site.url}
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("path", ["/", LETTER, ITALIAN, f"{LETTER}signatures/"])
def test_a_first_visit_weighs_less_than_120_kilobytes(path: str, visitor: Visit) -> None:
    page = visitor()
    weights: list[float] = []
    browser = page.context.new_cdp_session(page)
    browser.send("Network.enable")
    browser.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    # The page itself and at least its style; otherwise nothing was measured.
    assert len(weights) >= 2
    assert sum(weights) < HEAVIEST
