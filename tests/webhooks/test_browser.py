"""An owner adds a webhook in a browser, tries it with a real worker, and deletes it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.accessibility import complaints, follow
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
def test_an_owner_adds_a_webhook_tries_it_and_deletes_it(width: int, site: Site, visitor: Visit) -> None:
    page = visitor(viewport={"width": width, "height": 800}, java_script_enabled=True)
    url = an_owner(page, site, f"Friends of Webhooks on Screens of {'few' if width < 400 else 'many'} Pixels")
    page.goto(f"{url}webhooks/")
    reports = complaints(page, "no webhooks", width)
    page.get_by_label("Address of the other program").fill("http://example.org/")
    follow(page.get_by_role("button", name="Add webhook"))
    reports += complaints(page, "wrong address", width)
    long = "a-part-of-an-address-without-end-" * 6
    page.get_by_label("Address of the other program").fill(f"https://nowhere.invalid/{long}")
    follow(page.get_by_role("button", name="Add webhook"))
    expect(page.locator("#secret")).to_contain_text("whsec_")
    reports += complaints(page, "the secret", width)
    follow(page.get_by_role("link", name="Continue to the new webhook"))
    follow(page.get_by_role("button", name="Send a test"))
    reports += complaints(page, "a test that waits", width)
    log = page.get_by_role("region", name="Latest messages")
    for _ in range(60):
        if log.get_by_text("There is no server with this name.").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(log).to_contain_text("There is no server with this name. Tried")
    reports += complaints(page, "a test that failed", width)
    follow(page.get_by_role("button", name="Switch off"))
    reports += complaints(page, "switched off", width)
    follow(page.get_by_role("button", name="Delete webhook"))
    expect(page.get_by_text("The webhook is deleted.")).to_be_visible()
    assert reports == []
