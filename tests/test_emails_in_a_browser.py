"""Every email in a browser, as wide as a phone and as a window: axe finds nothing, and nothing scrolls sideways."""

import re
from collections.abc import Callable

import pytest
from django.core.mail import EmailMultiAlternatives
from playwright.sync_api import Page, sync_playwright

from letters.models import User
from tests.accessibility import complaints
from tests.interface_languages import TRANSLATED
from tests.test_emails import ACCOUNT_EMAILS, account_email, html_of, written
from tests.test_journeys import FLAGS, a_browser

__all__ = ["written"]

WIDTHS = [360, 600]
# A mail program shows an email inside a page of its own, which has these.
OF_THE_PROGRAM = ["landmark-one-main", "region"]


def test_axe_finds_nothing_in_any_email_and_none_scrolls_sideways(
    written: Callable[[str], list[EmailMultiAlternatives]], organizer: User
) -> None:
    emails = [*written("en"), *(account_email(prefix, organizer) for prefix in ACCOUNT_EMAILS)]
    found: list[str] = []
    assert each_in_a_browser(emails, lambda page, what: found.extend(looked_at(page, what))) > 35
    assert found == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translated_email_scrolls_sideways(
    written: Callable[[str], list[EmailMultiAlternatives]], language: str
) -> None:
    found: list[str] = []
    assert each_in_a_browser(written(language), lambda page, what: found.extend(too_wide(page, what))) > 20
    assert found == []


def looked_at(page: Page, what: str) -> list[str]:
    found = too_wide(page, what)
    return found + complaints(page, what, WIDTHS[-1], without=OF_THE_PROGRAM)


def too_wide(page: Page, what: str) -> list[str]:
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{what} is {wide} wide"] if wide > width else []
    return found


def each_in_a_browser(emails: list[EmailMultiAlternatives], look: Callable[[Page, str], None]) -> int:
    """Show emails that differ in more than their links and codes, and return how many these are.

    While Playwright runs, nothing can ask the database (see tests/test_journeys.py), so the emails are written before.
    """
    different = {re.sub(r'href="[^"]*"|/[\w-]{30,}/|\d', "", html_of(each)): each for each in emails}
    with sync_playwright() as playwright:
        program = a_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page()
        for each in different.values():
            page.set_content(html_of(each))
            look(page, str(each.subject))
        browser.close()
    return len(different)
