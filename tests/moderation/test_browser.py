"""A moderator's page in a real browser: what the keyboard does, and what it must not do."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import complaints
from tests.stack import Site, running_site, until
from tests.test_journeys import LETTER, Visit, browser, focus, press, someone, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

QUEUE = "/moderate/unpaid-cast/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def desk(site: Site, visitor: Visit) -> Page:
    """The browser of the organizer, who moderates too; the letter is reviewed."""
    # Without smooth scrolling, which would still be moving when the test looks.
    return signed_in(site, visitor(viewport={"width": 1280, "height": 800}, reduced_motion="reduce"))


def signed_in(site: Site, page: Page) -> Page:
    password = re.search(r"organizer@example.org, password (\S+)", site.run.output)
    assert password
    page.goto("/organize/letters/unpaid-cast/settings/")
    page.get_by_label("Email").fill("organizer@example.org")
    page.get_by_label("Password").fill(password[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    page.get_by_label("Review each signature").check()
    press(page, "Save")
    return page


def sign(site: Site) -> tuple[str, str]:
    """A person signs, confirms, and waits for a moderator. Returns name and address."""
    name, email = someone()
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303
    return name, email


def row(page: Page, name: str) -> str:
    """Return the part of the page about a person's signature."""
    return f".to-review > li:has-text('{name}')"


def tab_to_button(page: Page, words: str) -> None:
    """Use the Tab key only, with a visible focus at every step."""
    for _ in range(80):
        page.keyboard.press("Tab")
        here = focus(page)
        assert here["outline"], here
        assert here["inside"], here
        assert not page.evaluate(COVERED), here
        if here["text"] == words:
            return
    pytest.fail(f"Tab never came to {words}")


# Whether another element, such as a sticky bar, covers the focused element.
COVERED = """() => {
    const here = document.activeElement, box = here.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return !(top && (here.contains(top) || top.contains(here)));
}"""


def test_pressing_enter_in_the_reason_decides_about_nobody(site: Site, desk: Page) -> None:
    names = [sign(site)[0] for _ in range(2)]
    desk.goto(QUEUE)
    posted: list[str] = []
    desk.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    reason = desk.get_by_label("Reason for rejecting")
    reason.fill("Not a person")
    for _ in range(3):
        reason.press("Enter")
    # If the form were sent, its answer would arrive before this one.
    desk.evaluate("url => fetch(url).then(answer => answer.text())", QUEUE)
    assert posted == []
    desk.goto(QUEUE)
    for name in names:
        expect(desk.locator(row(desk, name))).to_be_visible()


def test_a_moderator_reviews_a_page_by_keyboard(site: Site, desk: Page) -> None:
    names = [sign(site)[0] for _ in range(8)]
    desk.goto(QUEUE)
    # Select the last one by its own box, then use the button for all selected signatures.
    tab_to_box_of(desk, names[-1])
    desk.keyboard.press("Space")
    tab_to_button(desk, "Accept selected")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("1 signature accepted.")).to_be_visible()
    expect(desk.locator(row(desk, names[-1]))).to_have_count(0)

    # Another one, with a reason.
    tab_to_box_of(desk, names[0])
    desk.keyboard.press("Space")
    for _ in range(80):
        desk.keyboard.press("Tab")
        if focus(desk)["id"] == "reason":
            break
    desk.keyboard.type("Someone else")
    tab_to_button(desk, "Reject selected")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("1 signature rejected.")).to_be_visible()
    for name in names[1:-1]:
        expect(desk.locator(row(desk, name))).to_be_visible()


def tab_to_box_of(page: Page, name: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.closest('.to-review > li')?.textContent ?? ''")
        if name in here:
            assert page.evaluate("document.activeElement.name") == "ticked"
            assert focus(page)["outline"]
            assert not page.evaluate(COVERED), name
            return
    pytest.fail(f"Tab never came to {name}")


def test_changed_words_are_published_when_a_moderator_has_seen_them(site: Site, desk: Page, visitor: Visit) -> None:
    name, email = sign(site)
    new_name, _ = someone()
    desk.goto(QUEUE)
    desk.locator(row(desk, name)).get_by_role("button", name="Accept").click()
    until(lambda: name in site.get(LETTER).text)

    signer = visitor()
    signer.goto(site.mailed_link("manage", email))
    signer.get_by_label("Your name", exact=True).fill(new_name)
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
    signer.get_by_label("Your name", exact=True).fill(f"{name} of the very long and unbreakable {'x' * 60}")
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


# The review queue

ALL = "/moderate/?letter=unpaid-cast"
# Milliseconds. Decisions are sent one after the other, and the machine may be busy.
PATIENT = 60_000
HELD = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, concern, risk, salt, signed_at, confirmed_at)
SELECT letter.id, current_revision_id, 'en', 'Waiting ' || place, '', '', '', '', 'public',
    'held', 'link', 'disposable', 90, decode(lpad(to_hex(place), 16, '0'), 'hex'), now() - interval '1 hour', now()
FROM letters_letter AS letter CROSS JOIN generate_series(1, %s) AS place WHERE slug = 'unpaid-cast'
"""


@contextmanager
def rows(site: Site) -> Iterator[psycopg.Cursor]:
    with psycopg.connect(site.addresses()["DATABASE_URL"], autocommit=True) as connection:
        yield connection.cursor()


@pytest.fixture
def queue(site: Site, desk: Page) -> Iterator[Callable[[int], Page]]:
    """Open the queue with this many signatures that wait."""

    def opened(number: int) -> Page:
        with rows(site) as cursor:
            cursor.execute(HELD, [number])
        desk.goto(ALL)
        return desk

    yield opened
    with rows(site) as cursor:
        cursor.execute("DELETE FROM letters_reviewclaim")
        cursor.execute("UPDATE letters_signature SET name = 'Decided', risk = 0 WHERE risk = 90")


def states_of(site: Site) -> Counter[str]:
    with rows(site) as cursor:
        cursor.execute("SELECT state FROM letters_signature WHERE risk = 90")
        return Counter(state for (state,) in cursor.fetchall())


def test_a_moderator_clears_50_signatures_by_keyboard_alone(site: Site, queue: Callable[[int], Page]) -> None:
    page = queue(50)
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)
    for place in range(50):
        expect(page.locator(".review-item:focus")).to_be_visible(timeout=PATIENT)
        page.keyboard.press("r" if place % 5 == 0 else "a")
        if place % 5 == 0:
            page.keyboard.press("1")
    # Those of earlier tests wait behind these.
    expect(page.locator(".review-item", has_text="Waiting ")).to_have_count(0, timeout=PATIENT)
    until(lambda: states_of(site)["rejected"] == 10 and states_of(site)["held"] == 0)
    assert sum(states_of(site).values()) == 50
    assert loads == []


def test_the_keys_move_hold_and_undo(site: Site, queue: Callable[[int], Page]) -> None:
    page = queue(4)
    here = page.locator(".review-item:focus h2")
    expect(here).to_contain_text("Waiting 1", timeout=PATIENT)
    page.keyboard.press("j")
    expect(here).to_contain_text("Waiting 2", timeout=PATIENT)
    page.keyboard.press("k")
    page.keyboard.press("?")
    expect(page.get_by_text("Undo the last decision")).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("h")
    expect(page.get_by_role("status")).to_have_text("On hold until tomorrow: Waiting 1", timeout=PATIENT)
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_have_text("Accepted: Waiting 2", timeout=PATIENT)
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("Undone.", timeout=PATIENT)
    expect(here).to_contain_text("Waiting 2", timeout=PATIENT)
    page.keyboard.press("u")
    expect(here).to_contain_text("Waiting 1", timeout=PATIENT)
    assert states_of(site)["published"] == 0


def test_a_key_that_is_held_down_decides_once(site: Site, queue: Callable[[int], Page]) -> None:
    page = queue(3)
    here = page.locator(".review-item:focus h2")
    expect(here).to_contain_text("Waiting 1", timeout=PATIENT)
    for _ in range(3):
        page.keyboard.down("a")
    page.keyboard.up("a")
    expect(page.get_by_role("status")).to_have_text("Accepted: Waiting 1", timeout=PATIENT)
    expect(here).to_contain_text("Waiting 2", timeout=PATIENT)
    assert states_of(site)["held"] == 2


def test_a_key_in_the_field_for_the_reason_is_a_letter(site: Site, queue: Callable[[int], Page]) -> None:
    page = queue(2)
    page.keyboard.press("r")
    reason = page.locator(".review-item:focus-within").get_by_label("Another reason")
    reason.press_sequentially("aha, ruhk")
    reason.press("Enter")
    assert states_of(site) == {"held": 2}
    page.locator(".review-item:focus-within").get_by_role("button", name="Reject for this reason").click()
    expect(page.get_by_role("status")).to_have_text("Rejected: Waiting 1", timeout=PATIENT)


def test_a_decision_that_cannot_be_sent_comes_back(site: Site, queue: Callable[[int], Page]) -> None:
    page = queue(3)
    page.context.set_offline(True)
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("We could not save that.", timeout=PATIENT)
    expect(page.get_by_text("Waiting 1")).to_be_visible()
    page.context.set_offline(False)
    assert states_of(site) == {"held": 3}


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_the_queue(width: int, site: Site, visitor: Visit, queue: Callable[[int], Page]) -> None:
    queue(3).close()
    with rows(site) as cursor:
        cursor.execute("DELETE FROM letters_reviewclaim")
    page = signed_in(site, visitor(viewport={"width": width, "height": 800}))
    page.goto(ALL)
    reports = complaints(page, "the queue", width)
    page.locator("[data-verb=reject] > summary").first.click()
    # A phone has no keys.
    if width > 360:
        page.get_by_text("Keyboard shortcuts").click()
    reports += complaints(page, "with a reason", width)
    assert reports == []
