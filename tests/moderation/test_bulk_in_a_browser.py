"""A bulk decision from the search to its undo in a real browser, with the real worker and without a script."""

from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import complaints, follow
from tests.moderation.test_browser import signed_in
from tests.stack import Site, running_site
from tests.test_journeys import Visit, browser, press, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

SEARCH = "/moderate/search/?letter=unpaid-cast&q=robot"
BURST = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, signed_at, confirmed_at)
SELECT letter.id, current_revision_id, 'en', 'Robot Nr ' || chr(64 + n % 26 + 1), 'Robots United', '', '', '', 'public',
    'held', 'link', '', now() - interval '2 hours', now() - interval '1 hour' + n * interval '1 second'
FROM letters_letter AS letter, generate_series(1, 300) AS n WHERE slug = 'unpaid-cast'
"""
STATES = "SELECT DISTINCT state FROM letters_signature WHERE affiliation = 'Robots United'"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        with psycopg.connect(site.addresses()["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(BURST)
        yield site


def states(site: Site) -> list[str]:
    with psycopg.connect(site.addresses()["DATABASE_URL"]) as connection:
        return [state for (state,) in connection.execute(STATES)]


def test_a_moderator_rejects_a_burst_and_undoes_it_without_a_script(site: Site, visitor: Visit) -> None:
    desk = signed_in(site, visitor(viewport={"width": 360, "height": 800}, java_script_enabled=False))
    desk.goto(SEARCH)
    expect(desk.locator(".review-item")).to_have_count(50)
    desk.get_by_role("link", name="Decide about all that match").click()
    expect(desk.get_by_text("300 signatures would be rejected.")).to_be_visible()
    desk.get_by_label("Reason for rejecting").select_option("not_a_person")
    press(desk, "Decide")
    desk.wait_for_url("**/bulk/*/")
    finished(desk, "Finished")
    assert states(site) == ["rejected"]
    desk.get_by_text("Undo all of it").click()
    press(desk, "Yes, undo it")
    finished(desk, "Undone")
    assert states(site) == ["held"]


def finished(desk: Page, word: str) -> None:
    """Reload the page until the worker is finished, as a person without JavaScript does."""
    for _ in range(60):
        if desk.get_by_role("status").inner_text().strip() == word:
            return
        desk.wait_for_timeout(500)
        desk.reload()
    pytest.fail(desk.get_by_role("status").inner_text())


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_the_pages_of_search_and_bulk_decisions(site: Site, visitor: Visit, width: int) -> None:
    desk = signed_in(site, visitor(viewport={"width": width, "height": 900}))
    found = []
    for what, url in [("search", f"{SEARCH}&risk=0"), ("preview", "/moderate/unpaid-cast/bulk/?q=robot")]:
        desk.goto(url)
        found += complaints(desk, what, width)
    press(desk, "Decide")
    expect(desk.get_by_text("There is a problem")).to_be_visible()
    found += complaints(desk, "preview with a mistake", width)
    desk.goto("/moderate/unpaid-cast/bulk/")
    found += complaints(desk, "list", width)
    if desk.locator("main .sample a").count():
        follow(desk.locator("main .sample a").first)
        found += complaints(desk, "progress", width)
    assert found == []
