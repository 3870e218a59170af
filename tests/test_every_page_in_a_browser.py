"""Every page about a letter that has everything, on a phone: axe finds nothing, and nothing scrolls sideways."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from petition.local import BASE_DIR, ORGANIZER
from tests.accessibility import complaints, follow
from tests.filling import RIGHT_TO_LEFT, SLUG
from tests.stack import OURS, Site, running_site, until
from tests.test_journeys import ITALIAN, LETTER, Visit, browser, fill_in, links_in, mail_to, someone, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

WIDTH = 360
FILL = "from tests.filling import fill; fill()"
WRITE_SITE_PAGES = "from tests.filling import write_site_pages; write_site_pages()"
SUSPEND = "from tests.filling import suspend; suspend()"
OF_A_LETTER = [
    *["", "dashboard/", "translations/", "translations/en/", "pictures/", "settings/", "address/", "first-signers/"],
    *["signatures/", "signatures/?shown=nonsense", "updates/", "updates/new/", "updates/1/", "updates/2/"],
    *["updates/2/preview/", "updates/2/send/", "answers/", "answers/new/", "answers/1/", "history/", "exports/"],
    *["handover/", "preview/", "draft-links/", "collective/", "paper/", "organisations/"],
]
COLLECTIVE_PAGES = ["", "settings/", "domains/", "record/", "tokens/"]
PAGES = [
    *[f"/organize/letters/{SLUG}/{page}" for page in OF_A_LETTER],
    *[f"/organize/letters/{RIGHT_TO_LEFT}/{page}" for page in ("", "preview/", "dashboard/", "first-signers/")],
    *["/organize/", "/organize/new/", "/organize/collectives/", "/organize/collectives/new/"],
    *["/organize/emails/", "/organize/bin/", "/accounts/", "/site/status/", "/moderate/organisations/"],
    *[f"/organize/collectives/the-unpaid-cast/{page}" for page in COLLECTIVE_PAGES],
    *["/moderate/", "/moderate/search/", *(f"/moderate/{SLUG}/{page}" for page in ("", "published/", "rejected/"))],
    *[f"/letters/{SLUG}/{page}" for page in ("", "signatures/", "history/", "history/1/", "updates/", "updates/1/")],
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        fill(site)
        yield site


def fill(site: Site, what: str = FILL) -> None:
    """Use the keys of the running site, as a person at its shell has them."""
    environ = os.environ | dict.fromkeys(OURS, "") | {"LAPTOP": "1", "VAR_DIR": str(site.var), "SITE_URL": site.url}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", what], cwd=BASE_DIR, env=environ, check=True, timeout=120
    )


@pytest.fixture
def organizer(site: Site, visitor: Visit) -> Page:
    """The owner of the letter, on a phone, signed in."""
    page = visitor(viewport={"width": WIDTH, "height": 800})
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(ORGANIZER)
    page.get_by_label("Password").fill(site.run.output.partition(f"{ORGANIZER}, password ")[2].split()[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    return page


# Where the content of a page begins, below the menu and the state of the letter; and its filled buttons.
TOP = """() => {
    const first = document.querySelector("main > :not(.status)");
    return Math.round(first.getBoundingClientRect().top + scrollY);
}"""
FILLED = (
    "() => [...document.querySelectorAll('main .button:not(.quiet)')].filter(each => each.checkVisibility()).length"
)
HIGHEST = 200


@pytest.mark.parametrize("width", [WIDTH, 1280])
def test_every_organizers_page_begins_at_the_top_and_has_one_main_button(organizer: Page, width: int) -> None:
    organizer.set_viewport_size({"width": width, "height": 740})
    found: dict[str, tuple[int, int]] = {}
    for path in PAGES:
        if not path.startswith("/letters/"):
            organizer.goto(path)
            found[path] = organizer.evaluate(TOP), organizer.evaluate(FILLED)
    assert len(found) > 35
    assert {path: top for path, (top, _) in found.items() if not 0 < top <= HIGHEST} == {}
    # A preview has the buttons of the public page.
    assert {path: filled for path, (_, filled) in found.items() if filled > 1 and "/preview/" not in path} == {}


# The top of the first thing that a signer's page shows, and of its heading.
TOPS = """() => {
    const tops = [...document.querySelectorAll("main h1, main > *")].filter(each => each.checkVisibility())
        .map(each => Math.round(each.getBoundingClientRect().top + scrollY));
    return [Math.min(...tops), document.documentElement.scrollWidth];
}"""


def test_every_page_that_a_signer_sees_on_a_phone_begins_at_the_top(site: Site, visitor: Visit) -> None:
    page = visitor(viewport={"width": WIDTH, "height": 640})
    found: dict[str, list[int]] = {}

    def look(name: str) -> None:
        found[name] = page.evaluate(TOPS)

    for path in ("/", LETTER, ITALIAN, f"{LETTER}signatures/", f"{LETTER}history/", f"/letters/{SLUG}/updates/"):
        page.goto(path)
        look(path)
    for path in ("/about/", "/how-we-count/", "/privacy/", "/api/v1/docs/", f"{LETTER}link/", "/letters/nothing-here/"):
        page.goto(path)
        look(path)
    page.goto(LETTER)
    page.locator("form.signing button[type=submit]").click()
    page.wait_for_url("**/sign/")
    look("form with errors")
    name, email = someone()
    fill_in(page, name, email)
    look("check your email")
    confirm, *_ = (link for link in links_in(mail_to(page, email)) if "/confirm/" in link)
    page.goto(confirm)
    look("confirm")
    page.get_by_role("button", name="Yes, I sign this letter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for signing")
    look("thanks")
    page.goto(confirm)
    look("used link")

    def control_link() -> str:
        page.goto("/mailbox/")
        emails = page.locator("article.mail", has_text=email)
        return next((link for link in links_in(emails.first) if "/manage/" in link), "")

    page.goto(until(control_link))
    look("control page")
    follow(page.get_by_role("button", name="Withdraw my signature"))
    look("question")
    page.get_by_role("button", name="Yes, withdraw my signature").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("withdrawn")
    look("withdrawn")
    assert len(found) == 20
    assert {name: top for name, (top, _) in found.items() if not 0 < top <= HIGHEST} == {}
    assert {name: width for name, (_, width) in found.items() if width > WIDTH} == {}


def test_a_reader_sees_a_letter_on_the_first_screen_of_a_phone(visitor: Visit) -> None:
    page = visitor(viewport={"width": WIDTH, "height": 640})
    for path in ("/", "/it/"):
        page.goto(path)
        box = page.locator(".contents h2").first.bounding_box()
        assert box
        assert box["y"] + box["height"] < 640, path


# What a thumb cannot hit: buttons, fields and links less than 44 pixels high. Not counted are links within sentences,
# checkboxes with a label, and titles in a list, whose whole line can be pressed.
SMALL = """() => {
    const sentence = "p:not(.submit), .text, .letter, .news-item, .source, .problems, label, table, .status";
    const what = "main :is(a, button, summary, select, textarea, input:not([type=hidden]))";
    const target = each => each.matches(".contents h2 a") ? each.closest("li") : each;
    const low = each => target(each).getBoundingClientRect().height < 43.5;
    return [...document.querySelectorAll(what)]
        .filter(each => each.checkVisibility() && !each.closest(sentence) && low(each))
        .map(each => `${each.tagName} ${(each.textContent || each.name).trim().slice(0, 30)}`);
}"""


def test_a_thumb_hits_every_control(organizer: Page) -> None:
    found = {}
    for path in PAGES:
        if not path.startswith("/letters/") and "/preview/" not in path:
            organizer.goto(path)
            found[path] = organizer.evaluate(SMALL)
    assert len(found) > 35
    assert {path: small for path, small in found.items() if small} == {}


def test_the_menu_opens_without_javascript_and_marks_the_page(site: Site, organizer: Page, visitor: Visit) -> None:
    known = organizer.context.storage_state()
    page = visitor(viewport={"width": WIDTH, "height": 740}, java_script_enabled=False, storage_state=known)
    page.goto(f"/organize/letters/{SLUG}/pictures/")
    menu = page.get_by_role("navigation", name="Pages of this letter")
    expect(menu).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    expect(menu.locator("[aria-current=page]")).to_have_text("Pictures")
    menu.get_by_role("link", name="Form and dates").click()
    page.get_by_text("Menu", exact=True).click()
    expect(menu.locator("[aria-current=page]")).to_have_text("Form and dates")
    # The address of the letter can be copied by hand; the buttons that need a script are not there.
    expect(page.get_by_role("link", name=f"Public page: localhost:{site.port}/letters/{SLUG}/")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()


def test_the_address_of_the_letter_is_copied(site: Site, organizer: Page) -> None:
    organizer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    organizer.goto(f"/organize/letters/{SLUG}/dashboard/")
    organizer.get_by_role("button", name="Copy").click()
    expect(organizer.get_by_role("button", name="Copied")).to_be_visible()
    assert organizer.evaluate("navigator.clipboard.readText()") == f"{site.url}/letters/{SLUG}/"


def test_axe_finds_nothing_and_nothing_scrolls_sideways(organizer: Page) -> None:
    reports = []
    for path in PAGES:
        answer = organizer.goto(path)
        assert answer
        assert answer.status == (422 if "nonsense" in path else 200), f"{path}: {answer.status}"
        reports += complaints(organizer, path, WIDTH)
    assert reports == []


OF_SITE = ["api/v1/docs", "about", "how-we-count", "privacy", "imprint", "rules", "accessibility", "contact"]
OF_ACCOUNTS = ["login", "login/code", "signup", "password/reset", "inactive"]


def is_there(page: Page, path: str) -> bool:
    answer = page.goto(path)
    return answer is not None and answer.status == 200


@pytest.fixture(scope="module")
def site_pages(site: Site) -> None:
    """Write every page of the site."""
    fill(site, WRITE_SITE_PAGES)


@pytest.mark.parametrize("width", [WIDTH, 1280])
@pytest.mark.usefixtures("site_pages")
def test_the_pages_of_the_site_and_of_accounts_are_accessible(visitor: Visit, width: int) -> None:
    page, reports = visitor(viewport={"width": width, "height": 800}), []
    for path in [*[f"/{each}/" for each in OF_SITE], *[f"/accounts/{each}/" for each in OF_ACCOUNTS]]:
        # Each web process notices new pages within ten seconds, and may have looked when half of them were there.
        until(partial(is_there, page, path))
        reports += complaints(page, path, width)
    assert reports == []


@pytest.mark.parametrize("width", [WIDTH, 1280])
@pytest.mark.usefixtures("site_pages")
def test_the_notice_of_the_site_is_above_every_page(organizer: Page, width: int) -> None:
    organizer.set_viewport_size({"width": width, "height": 800})
    notice, reports = organizer.get_by_role("complementary", name="Notice"), []

    def is_shown(path: str) -> bool:
        organizer.goto(path)
        return notice.is_visible()

    for path in ("/", LETTER, f"{LETTER}signatures/", "/accounts/", "/site/status/"):
        until(partial(is_shown, path))
        above, top, page = (organizer.locator(which).bounding_box() for which in (".site-notice", ".masthead", "#main"))
        assert above
        assert top
        assert page
        assert top["y"] + top["height"] <= above["y"] + 1, path
        assert above["y"] + above["height"] <= page["y"] + 1, path
        assert above["x"] == top["x"], path
        reports += complaints(organizer, f"{path} below the notice", width)
    assert reports == []


def test_the_pages_of_a_suspended_collective_are_accessible(site: Site, organizer: Page) -> None:
    """The last test here: the collective stays suspended."""
    fill(site, SUSPEND)
    reports = []
    for width in (WIDTH, 1280):
        organizer.set_viewport_size({"width": width, "height": 800})
        for path in (
            f"/organize/letters/{SLUG}/",
            f"/organize/letters/{SLUG}/updates/",
            "/organize/collectives/the-unpaid-cast/",
        ):
            organizer.goto(path)
            expect(organizer.get_by_text("have suspended this collective")).to_be_visible()
            reports += complaints(organizer, path, width)
    assert reports == []
