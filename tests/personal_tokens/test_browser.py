"""A member creates a personal token in a browser, a program uses it, and the member revokes it."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import expect

from tests.accessibility import complaints, follow
from tests.accounts.people import PASSWORD
from tests.collectives.test_browser import an_owner
from tests.stack import Site, running_site
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.mark.parametrize("width", [360, 1280])
def test_a_member_creates_a_token_uses_it_and_revokes_it(width: int, site: Site, visitor: Visit) -> None:
    page = visitor(viewport={"width": width, "height": 800}, java_script_enabled=True)
    url = an_owner(page, site, f"Friends of Programs on Screens of {'few' if width < 400 else 'many'} Pixels")
    page.goto(f"{url}tokens/")
    reports = complaints(page, "no tokens", width)
    follow(page.get_by_role("link", name="Create a token"))
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Continue"))
    reports += complaints(page, "the form", width)
    follow(page.get_by_role("button", name="Create token"))
    reports += complaints(page, "what is missing", width)
    page.get_by_label("Name", exact=True).fill("Spreadsheet-without-end-" * 4)
    for scope in ("Letters:", "Signatures:", "Numbers:", "Updates:"):
        page.get_by_label(scope).check()
    follow(page.get_by_role("button", name="Create token"))
    secret = page.locator("#secret").inner_text()
    reports += complaints(page, "the secret", width)
    letters = f"{site.url}/api/v1/organize/letters/"
    assert requests.get(letters, headers={"Authorization": f"Bearer {secret}"}, timeout=30).json()["letters"] == []
    page.goto(f"{url}tokens/")
    expect(page.get_by_text("The last use was on")).to_be_visible()
    reports += complaints(page, "a token that was used", width)
    follow(page.get_by_role("button", name="Revoke"))
    expect(page.get_by_text("The token no longer works.")).to_be_visible()
    assert requests.get(letters, headers={"Authorization": f"Bearer {secret}"}, timeout=30).status_code == 401
    reports += complaints(page, "no token any more", width)
    assert reports == []
