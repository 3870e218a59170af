"""Inviting first signatories in a real browser, from a list of twenty to the names above the open letter.

A new account may invite twenty people a day.
"""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import complaints, follow
from tests.accounts.test_browser import sign_up
from tests.people import unheard_of
from tests.stack import Site, running_site, until
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

ROWS = [f"2025/03/0{1 + n % 9} 9:14:02 AM;p{n}@first.example;Person {n};Institute {n % 7};Yes" for n in range(20)]
# The encoding in which a western European spreadsheet program saves it.
CSV = "\r\n".join(["Horodateur;Adresse électronique;Nom;Établissement;J'accepte", *ROWS, ""]).encode("cp1252")


@pytest.fixture(autouse=True)
def _worker_at_once() -> None:
    """Use the real web server."""


@pytest.fixture(autouse=True)
def _quick_passwords() -> None:
    """Use the real mail server and worker."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def write_letter(page: Page) -> str:
    """A draft, and the URL where its organizers work on it."""
    page.goto("/organize/new/")
    page.locator("#text_addressee").fill("To the ministers of transport")
    page.locator("#text_title").fill("Keep the night trains running")
    page.locator("#text_body").fill("Four sleeper lines are to end in December. Keep them.")
    page.locator("#text_collective").fill(f"Friends of {unheard_of()}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/organize/letters/**")
    return page.url


def sign(page: Page, url: str, name: str) -> None:
    page.goto(url)
    expect(page.get_by_text("Four sleeper lines are to end in December.")).to_be_visible()
    page.get_by_label("Your name", exact=True).fill(name)
    page.get_by_role("button", name="Yes, I sign this letter").click()
    expect(page.get_by_role("heading", name="Thank you for signing")).to_be_visible()


def test_two_of_twenty_invited_people_sign_and_are_listed_first(site: Site, visitor: Visit) -> None:
    page = visitor()
    sign_up(page, site)
    letter = write_letter(page)
    page.get_by_role("link", name="First signatories").click()
    page.get_by_label("Or upload a CSV file").set_input_files(
        {"name": "réponses.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    page.get_by_role("button", name="Check the list").click()
    # The check: the recognised columns, the guessed encoding, and one column corrected by hand.
    expect(page.get_by_text("The file is not in UTF-8")).to_be_visible()
    expect(page.get_by_role("heading", name="20 people on the list")).to_be_visible()
    page.get_by_label("Column 4").select_option("affiliation")
    page.get_by_role("button", name="Update").click()
    first = page.get_by_role("table", name="Every line of your list").locator("tbody tr").first
    expect(first).to_contain_text("Person 0")
    expect(first).to_contain_text("Institute 0")
    assert site.mails_to("p0@first.example") == []
    page.get_by_role("button", name="Invite these people").click()
    expect(page.get_by_text("We have received your list of 20 addresses.")).to_be_visible()
    until(lambda: all(site.mails_to(f"p{n}@first.example") for n in range(20)))

    public = letter.replace("/organize", "")
    assert visitor().goto(public).status == 404  # type: ignore[union-attr]
    for number, name in [(17, "Zoë of Somewhere"), (7, "Ilse Berg, Chair")]:
        sign(visitor(), site.mailed_link("invitation", f"p{number}@first.example"), name)
    refuser = visitor()
    refuser.goto(site.mailed_link("decline", "p9@first.example"))
    refuser.get_by_role("button", name="No, thank you").click()
    expect(refuser.get_by_role("heading", level=1)).to_have_text("This invitation has ended")

    page.goto(f"{letter}first-signers/")
    expect(page.get_by_role("heading", name="20 addresses on your lists")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Zoë of Somewhere")
    # The list looks the same for people who declined, signed under another name, or did nothing.
    for person in ("Person 8", "Person 9", "Person 17"):
        expect(page.get_by_role("row", name=person)).to_contain_text("Invited")
    until(lambda: published(page, letter) == 2)

    page.goto(letter)
    page.get_by_role("button", name="Publish").click()
    reader = visitor()
    until(lambda: reader.goto(public).status == 200)  # type: ignore[union-attr]
    names = reader.locator("#newest .names").first.locator("li")
    assert [re.sub(r"\s+", " ", name) for name in names.all_inner_texts()] == [
        *["1 Zoë of Somewhere Institute 3", "2 Ilse Berg, Chair Institute 0"]
    ]
    expect(reader.locator("#newest")).to_contain_text("First signatories")
    look(reader, 1280)
    assert json.loads(site.get(f"{public.replace(site.url, '')}count/").text)["published"] == 2
    for number in (0, 9, 19):
        assert f"Person {number}<" not in reader.content()


def published(page: Page, letter: str) -> int:
    """Return how many signatures the list of letters shows."""
    page.goto("/organize/")
    return int(page.locator(".tally b").first.inner_text())


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_are_accessible_and_fit(site: Site, visitor: Visit, width: int) -> None:
    page = visitor(viewport={"width": width, "height": 900})
    sign_up(page, site)
    letter = write_letter(page)
    page.goto(f"{letter}first-signers/")
    look(page, width)
    email = f"looked-at-{width}@first.example"
    page.get_by_label("Email addresses, one per line").fill(f"Ada Lovelace <{email}>\nnobody\nEve <eve-{email}>")
    follow(page.get_by_role("button", name="Check the list"))
    look(page, width)
    follow(page.get_by_role("button", name="Invite these people"))
    look(page, width)
    for purpose in ("decline", "invitation"):
        page.goto(site.mailed_link(purpose, email))
        look(page, width)
    page.get_by_role("button", name="Yes, I sign this letter").click()
    expect(page.get_by_role("heading", name="Thank you for signing")).to_be_visible()
    look(page, width)
    page.goto(letter)
    look(page, width)


def look(page: Page, width: int) -> None:
    assert complaints(page, page.url, width) == []
