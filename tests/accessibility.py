"""Check the pages in a browser with axe, in light and dark mode."""

from collections.abc import Iterable
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

# Details of passed rules would take longer than the check. In dark mode only the colours differ.
SCHEMES: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}},
}


def follow(control: Locator) -> None:
    """Click the control and wait for the page that it leads to.

    Race: a click returns before the next page replaces this one, so axe would check the old page or half of it.
    """
    with control.page.expect_navigation():
        control.click()


def complaints(page: Page, what: str, width: int, *, without: Iterable[str] = ()) -> list[str]:
    """Return what axe finds wrong on the open page, and whether the page is wider than the window."""
    found, off = [], {"rules": {rule: {"enabled": False} for rule in without}}
    for scheme, options in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        result = Axe().run(page, options={**options, **off})
        assert result.response["passes"], "axe has checked nothing"
        if result.violations_count:
            found.append(f"{what}, {scheme}: {result.generate_report()}")
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found if wide <= width else [*found, f"{what} is {wide} wide"]
