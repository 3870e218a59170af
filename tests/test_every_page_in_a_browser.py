"""Every page behind a letter that has everything, on a phone: axe finds nothing, and nothing scrolls sideways."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

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
    *["updates/2/preview/", "updates/2/send/", "answers/new/", "answers/1/", "history/", "exports/"],
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
