"""The small proof of work in a real browser: it runs by itself, and people whose browser cannot run it can still
sign.
"""

from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from tests import test_journeys
from tests.accessibility import complaints
from tests.test_journeys import ITALIAN, LETTER, Visit, mail_to, someone

pytestmark = pytest.mark.xdist_group("stack")

site, browser, visitor = test_journeys.site, test_journeys.browser, test_journeys.visitor

NO_CRYPTO = "Object.defineProperty(crypto, 'subtle', { value: undefined })"
WRONG_PROOF = "window.btoa = () => 'wrong'"


def sign_like_a_machine(page: Page, letter: str = LETTER) -> tuple[str, str]:
    """Fill in every field, also the one that people do not see."""
    name, email = someone()
    page.goto(letter)
    page.locator("#sign_name").fill(name)
    page.locator("#sign_email").fill(email)
    page.locator("#sign_website").fill("https://example.org", force=True)
    page.locator("form.signing button[type=submit]").click()
    return name, email


def confirm(page: Page, email: str, name: str) -> None:
    mail_to(page, email).locator("a[href*='/signatures/confirm/']").click()
    expect(page.locator(".signed-as")).to_contain_text(name)
    page.get_by_role("button", name="Yes, I sign this letter").click()


def test_the_browser_finds_the_proof_and_signs_by_itself(visitor: Visit) -> None:
    page = visitor()
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if answer.request.method == "POST" else None)
    name, email = sign_like_a_machine(page)
    page.wait_for_url("**/signatures/check/**")
    assert answers == [422, 303]
    confirm(page, email, name)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for signing")


def test_a_person_without_javascript_can_sign_and_waits_for_a_moderator(visitor: Visit) -> None:
    page = visitor(java_script_enabled=False)
    name, email = sign_like_a_machine(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One moment")
    page.get_by_role("button", name="Sign without the check").click()
    page.wait_for_url("**/signatures/check/**")
    confirm(page, email, name)
    expect(page.locator("main")).to_contain_text("unless a moderator reviews it first")


def test_a_browser_that_cannot_find_a_proof_says_so_and_offers_another_way(visitor: Visit) -> None:
    page = visitor()
    page.add_init_script(NO_CRYPTO)
    sign_like_a_machine(page)
    expect(page.get_by_role("status")).to_have_text("Your browser cannot run the check here.")
    page.get_by_role("button", name="Sign without the check").click()
    page.wait_for_url("**/signatures/check/**")


def test_a_proof_that_never_fits_causes_no_endless_loop(visitor: Visit) -> None:
    page = visitor()
    page.add_init_script(WRONG_PROOF)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    sign_like_a_machine(page)
    expect(page.get_by_role("status")).to_contain_text("press the button")
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_focused()
    assert len(posts) == 2


def test_the_form_says_for_how_many_seconds_it_was_open(visitor: Visit) -> None:
    page = visitor()
    _, email = someone()
    page.goto(LETTER)
    page.locator("#sign_email").fill(email)
    page.locator("#sign_name").fill("Ada")
    opened = page.evaluate("Math.floor(performance.now() / 1000)")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.locator("form.signing button[type=submit]").click()
    (seconds,) = parse_qs(sent.value.post_data)["seconds"]
    assert opened <= int(seconds) <= opened + 20


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("letter", [LETTER, ITALIAN])
def test_axe_finds_nothing_on_the_page_that_asks_for_a_proof_and_it_fits(
    width: int, letter: str, visitor: Visit
) -> None:
    page = visitor(viewport={"width": width, "height": 800})
    page.add_init_script(NO_CRYPTO)
    sign_like_a_machine(page, letter)
    expect(page.get_by_role("status")).not_to_be_empty()
    assert complaints(page, letter, width) == []
