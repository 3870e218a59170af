"""The pages of dashboard and exports in a real browser: what a phone shows, what axe says, and a file that arrives."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.stack import Site, running_site, until
from tests.test_journeys import LETTER, SCHEMES, Visit, browser, fill_in, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

PAGES = ["dashboard", "signatures", "exports", "exports/contacts"]
ORGANIZE = "/organize/letters/unpaid-cast/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site
