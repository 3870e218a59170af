"""Every page behind a letter that has everything, on a phone: axe finds nothing, and nothing scrolls sideways."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from petition.local import BASE_DIR, ORGANIZER
from tests.filling import RIGHT_TO_LEFT, SLUG
from tests.stack import OURS, Site, running_site
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

WIDTH = 360
FILL = "from tests.filling import fill; fill()"
# By night only the colours are others.
SCHEMES: dict[Literal["light", "dark"], dict[str, Any] | None] = {
    "light": None,
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
OF_A_LETTER = [
    *["", "dashboard/", "translations/", "translations/en/", "pictures/", "settings/", "address/", "first-signers/"],
    *["signatures/", "signatures/?shown=nonsense", "updates/", "updates/new/", "updates/1/", "updates/2/"],
    *["updates/2/preview/", "updates/2/send/", "answers/", "answers/new/", "answers/1/", "history/", "exports/"],
    *["handover/", "preview/"],
]
PAGES = [
    *[f"/organize/letters/{SLUG}/{page}" for page in OF_A_LETTER],
    *[f"/organize/letters/{RIGHT_TO_LEFT}/{page}" for page in ("", "preview/", "dashboard/", "first-signers/")],
    *["/organize/", "/organize/new/", "/organize/collectives/", "/organize/collectives/new/", "/accounts/"],
    *[f"/organize/collectives/the-unpaid-cast/{page}" for page in ("", "settings/", "record/")],
    *["/moderate/", *(f"/moderate/{SLUG}/{page}" for page in ("", "published/", "rejected/"))],
    *[f"/letters/{SLUG}/{page}" for page in ("", "signatures/", "history/", "history/1/", "updates/", "updates/1/")],
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        fill(site)
        yield site


def fill(site: Site) -> None:
    """With the keys of the running site, as somebody at its shell has them."""
    environ = os.environ | dict.fromkeys(OURS, "") | {"LAPTOP": "1", "VAR_DIR": str(site.var), "SITE_URL": site.url}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", FILL], cwd=BASE_DIR, env=environ, check=True, timeout=120
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


# Where the first thing of a page begins, under the menu and the state of the letter; and its filled buttons.
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
    assert {path: filled for path, (_, filled) in found.items() if filled > 1} == {}


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
        for scheme, options in SCHEMES.items():
            organizer.emulate_media(color_scheme=scheme)
            found = Axe().run(organizer, options=options)
            assert found.response["passes"], "axe has looked at nothing"
            if found.violations_count:
                reports.append(f"{path}, {scheme}: {found.generate_report()}")
        if organizer.evaluate("document.documentElement.scrollWidth") > WIDTH:
            reports.append(f"{path} is wider than {WIDTH}")
    assert reports == []
