"""A moderator's page in a real browser: what the keyboard does, and what it must not do."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.test_browser import complaints
from tests.stack import Site, running_site, until
from tests.test_journeys import LETTER, Visit, browser, focus, press, somebody, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

QUEUE = "/moderate/unpaid-cast/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def desk(site: Site, visitor: Visit) -> Page:
    """The browser of the organizer, who moderates too; the letter is one that is looked at."""
    # Without the smooth scrolling, which would still be on its way when we look.
    return signed_in(site, visitor(viewport={"width": 1280, "height": 800}, reduced_motion="reduce"))


def signed_in(site: Site, page: Page) -> Page:
    password = re.search(r"organizer@example.org, password (\S+)", site.run.output)
    assert password
    page.goto("/organize/letters/unpaid-cast/settings/")
    page.get_by_label("Email").fill("organizer@example.org")
    page.get_by_label("Password").fill(password[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/settings/")
    page.get_by_label("Review each signature").check()
    press(page, "Save")
    return page


def sign(site: Site) -> tuple[str, str]:
    """Somebody signs and confirms, and waiting for a moderator. Name and address."""
    name, email = somebody()
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303
    return name, email


def row(page: Page, name: str) -> str:
    """The place on the page where somebody's signature is judged."""
    return f".to-judge > li:has-text('{name}')"


def tab_to_button(page: Page, words: str) -> None:
    """With the Tab key alone, and always able to see where one is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        here = focus(page)
        assert here["outline"], here
        assert here["inside"], here
        assert not page.evaluate(COVERED), here
        if here["text"] == words:
            return
    pytest.fail(f"Tab never came to {words}")


# Whether something else lies over the element that has the keyboard, as a bar at the edge of the window does.
COVERED = """() => {
    const here = document.activeElement, box = here.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return !(top && (here.contains(top) || top.contains(here)));
}"""


def test_enter_in_the_field_for_the_reason_judges_nobody(site: Site, desk: Page) -> None:
    names = [sign(site)[0] for _ in range(2)]
    desk.goto(QUEUE)
    posted: list[str] = []
    desk.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    reason = desk.get_by_label("Reason for rejecting")
    reason.fill("Not a person")
    for _ in range(3):
        reason.press("Enter")
    # If it were sent, the answer would be there before this one.
    desk.evaluate("url => fetch(url).then(answer => answer.text())", QUEUE)
    assert posted == []
    desk.goto(QUEUE)
    for name in names:
        expect(desk.locator(row(desk, name))).to_be_visible()


def test_a_moderator_goes_through_a_page_by_keyboard(site: Site, desk: Page) -> None:
    names = [sign(site)[0] for _ in range(8)]
    desk.goto(QUEUE)
    # The last one on the page, by its own box; then the button for all that are ticked.
    tab_to_box_of(desk, names[-1])
    desk.keyboard.press("Space")
    tab_to_button(desk, "Accept selected")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("1 signature accepted.")).to_be_visible()
    expect(desk.locator(row(desk, names[-1]))).to_have_count(0)

    # Another, with a reason.
    tab_to_box_of(desk, names[0])
    desk.keyboard.press("Space")
    for _ in range(80):
        desk.keyboard.press("Tab")
        if focus(desk)["id"] == "reason":
            break
    desk.keyboard.type("Somebody else")
    tab_to_button(desk, "Reject selected")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("1 signature rejected.")).to_be_visible()
    for name in names[1:-1]:
        expect(desk.locator(row(desk, name))).to_be_visible()


def tab_to_box_of(page: Page, name: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.closest('.to-judge > li')?.textContent ?? ''")
        if name in here:
            assert page.evaluate("document.activeElement.name") == "ticked"
            assert focus(page)["outline"]
            assert not page.evaluate(COVERED), name
            return
    pytest.fail(f"Tab never came to {name}")


def test_changed_words_are_published_when_a_moderator_has_seen_them(site: Site, desk: Page, visitor: Visit) -> None:
    name, email = sign(site)
    new_name, _ = somebody()
    desk.goto(QUEUE)
    desk.locator(row(desk, name)).get_by_role("button", name="Accept").click()
    until(lambda: name in site.get(LETTER).text)

    signer = visitor()
    signer.goto(site.mailed_link("manage", email))
    signer.get_by_label("Your name").fill(new_name)
    press(signer, "Save")
    expect(signer.get_by_role("status")).to_contain_text("A moderator must review your changes")
    assert new_name not in site.get(LETTER).text

    desk.goto(QUEUE)
    asked = desk.locator(row(desk, name))
    expect(asked.get_by_role("row", name="Name")).to_contain_text(new_name)
    asked.get_by_role("button", name="Accept the new words").click()
    until(lambda: new_name in site.get(LETTER).text and name not in site.get(LETTER).text)


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(width: int, site: Site, visitor: Visit) -> None:
    page = signed_in(site, visitor(viewport={"width": width, "height": 800}))
    (name, email), _ = sign(site), sign(site)
    page.goto(QUEUE)
    page.locator(row(page, name)).get_by_role("button", name="Accept").click()
    until(lambda: name in site.get(LETTER).text)
    signer = visitor(viewport={"width": width, "height": 800})
    signer.goto(site.mailed_link("manage", email))
    signer.get_by_label("Your name").fill(f"{name} of the very long and unbreakable {'x' * 60}")
    press(signer, "Save")
    reports = complaints(signer, "my signature", width)
    for shown in ("waiting", "published", "rejected"):
        page.goto(f"{QUEUE}{shown}/")
        reports += complaints(page, shown, width)
    page.goto(QUEUE)
    page.get_by_role("button", name="Reject selected").click()
    page.locator(".problems").wait_for()
    reports += complaints(page, "with a mistake", width)
    assert reports == []
