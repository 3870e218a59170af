"""The proof of work of account forms in a real browser: it runs by itself, and the page helps people who cannot run
it.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.test_browser import PASSWORD, an_address, type_the_digits
from tests.stack import Site, running_site
from tests.test_journeys import Visit, browser, visitor
from tests.test_proof_journey import NO_CRYPTO

__all__ = ["browser", "visitor"]

DONE = "Your browser has finished the check."

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(autouse=True)
def _worker_at_once() -> None:
    """Use the real web server."""


@pytest.fixture(autouse=True)
def _quick_passwords() -> None:
    """Use the real mail server and worker."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        # The first of these emails is free; all others need a proof.
        patch.setenv("LIMIT_ACCOUNT_NETWORK_SOFT", "1/hour")
        patch.setenv("LIMIT_ACCOUNT_NETWORK_HARD", "1000/hour")
        with running_site() as site:
            yield site


@pytest.fixture(autouse=True)
def _the_free_email_is_used(visitor: Visit) -> None:
    page = visitor()
    page.goto("/accounts/login/code/")
    if page.locator("#puzzle").count() == 0:
        page.get_by_label("Email").fill(an_address())
        page.get_by_role("button", name="Email me a code").click()
        expect(page.get_by_label("Code from the email")).to_be_visible()


def fill_in(page: Page, email: str) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)


def test_the_browser_finds_the_proof_while_a_person_types_and_then_signs_up(site: Site, visitor: Visit) -> None:
    page, email = visitor(), an_address()
    fill_in(page, email)
    expect(page.get_by_role("status")).to_have_text(DONE, timeout=60_000)
    assert page.locator("input[name=proof]").count() == 1
    page.get_by_role("button", name="Create an account").click()
    type_the_digits(page, site, email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_a_form_without_the_proof_is_sent_once_more(site: Site, visitor: Visit) -> None:
    """The page was opened before the network had sent many requests."""
    page, email = visitor(), an_address()
    fill_in(page, email)
    expect(page.get_by_role("status")).to_have_text(DONE, timeout=60_000)
    page.locator("input[name=proof]").evaluate("field => field.remove()")
    page.get_by_role("button", name="Create an account").click()
    expect(page.locator("main")).to_contain_text("Wait a few seconds, then send the form again.")
    assert site.mails_to(email) == []
    page.get_by_label("Password").fill(PASSWORD)
    expect(page.get_by_role("status")).to_have_text(DONE, timeout=60_000)
    page.get_by_role("button", name="Create an account").click()
    type_the_digits(page, site, email)


def test_the_page_says_what_to_do_without_javascript(site: Site, visitor: Visit) -> None:
    page, email = visitor(java_script_enabled=False), an_address()
    fill_in(page, email)
    page.get_by_role("button", name="Create an account").click()
    expect(page.locator("main")).to_contain_text("If JavaScript is off, try again in an hour.")
    expect(page.get_by_label("Email")).to_have_value(email)
    assert site.mails_to(email) == []


def test_a_browser_that_cannot_find_a_proof_can_still_send_the_form_and_says_so(site: Site, visitor: Visit) -> None:
    page, email = visitor(), an_address()
    page.add_init_script(NO_CRYPTO)
    fill_in(page, email)
    page.get_by_role("button", name="Create an account").click()
    expect(page.locator("main")).to_contain_text("Your network has requested many emails.")
    expect(page.get_by_role("button", name="Create an account")).to_be_enabled()
    assert site.mails_to(email) == []
