"""A letter changes in substance, in a real browser: one signer carries over, one stays, one withdraws."""

import re
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from playwright.sync_api import Page, expect

from letters.shared.markdown import render_markdown
from letters.shared.text import digest
from petition.local import ORGANIZER
from tests.accessibility import complaints
from tests.stack import Site, links_in, running_site, until
from tests.test_journeys import Visit, browser, press, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

LETTER = "/letters/unpaid-cast/"
LIST = f"{LETTER}signatures/"
DESK = "/organize/letters/unpaid-cast/history/"
NOTE = "We now ask for payment, not for an apology."

REVISE: LiteralString = """
WITH old AS (
    SELECT letter.id AS letter_id, text.* FROM letters_letter AS letter
    JOIN letters_translation AS text ON text.revision_id = current_revision_id AND text.language = letter.language
    WHERE slug = 'unpaid-cast'
), revision AS (
    INSERT INTO letters_revision (letter_id, number, kind, note, created_at)
    SELECT letter_id, 2, 'substance', %(note)s, now() FROM old RETURNING id
)
INSERT INTO letters_translation (revision_id, language, title, addressee, summary, body, html, sha256)
SELECT revision.id, language, title, addressee, summary, %(body)s, %(html)s, %(sha256)s FROM old, revision
RETURNING revision_id
"""
PUBLISH: LiteralString = """
WITH published AS (UPDATE letters_revision SET published_at = now() WHERE id = %(revision)s)
UPDATE letters_letter SET current_revision_id = %(revision)s, version = version + 1 WHERE slug = 'unpaid-cast'
"""
TEXT: LiteralString = """
SELECT title, addressee, body FROM letters_translation AS text
JOIN letters_letter ON current_revision_id = revision_id AND text.language = letters_letter.language
WHERE slug = 'unpaid-cast'
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def change_text(site: Site) -> None:
    """Do what publishing does."""
    with psycopg.connect(site.addresses()["DATABASE_URL"]) as database:
        found = database.execute(TEXT).fetchone()
        assert found
        title, addressee, body = found
        first, rest = body.split("\n\n", 1)
        changed = f"{first.replace('you', 'your company', 1)}\n\nPay us for every hour.\n\n{rest}"
        values = {
            "note": NOTE,
            "body": changed,
            "html": render_markdown(changed),
            "sha256": digest(title, addressee, changed),
        }
        revision = database.execute(REVISE, values).fetchone()
        assert revision
        database.execute(PUBLISH, {"revision": revision[0]})


def sign_and_confirm(site: Site, name: str) -> str:
    email = f"{name.lower()}@example.org"
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303
    until(lambda: name in site.get(LIST).text)
    return email


def sign_in(page: Page, site: Site) -> None:
    password = re.search(rf"{ORGANIZER}, password (\S+)", site.run.output)
    assert password
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(ORGANIZER)
    page.get_by_label("Password").fill(password[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/login/" not in url)


def beside(name: str, site: Site) -> str:
    """Return the note beside a name in the list."""
    found = re.search(rf"<li>((?:(?!</li>).)*{name}.*?)</li>", site.get(LIST).text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", found[1]).split()) if found else ""


def axe_finds_nothing(page: Page) -> None:
    assert complaints(page, page.url, 1280) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 800})


def test_one_signer_carries_over_one_stays_and_one_withdraws(site: Site, visitor: Visit) -> None:
    ada, berta, carlo = [sign_and_confirm(site, name) for name in ("Adamaria", "Bertarosa", "Carlomarco")]
    change_text(site)

    desk = visitor()
    sign_in(desk, site)
    desk.goto(DESK)
    axe_finds_nothing(desk)
    desk.get_by_role("link", name="Preview the email").click()
    expect(desk.locator("main")).to_contain_text(NOTE)
    axe_finds_nothing(desk)
    desk.get_by_role("button", name="Ask now").click()
    expect(desk.locator("main")).to_contain_text("We are asking the signers of the earlier text.")

    signer = visitor()
    signer.goto(site.mailed_link("carry-over", ada))
    expect(signer.locator(".differences ins").first).to_be_visible()
    axe_finds_nothing(signer)
    press(signer, "Carry my signature over")
    expect(signer.get_by_role("heading", level=1)).to_have_text("Your signature is carried over")
    until(lambda: "signed the first text" not in beside("Adamaria", site), 2)
    axe_finds_nothing(signer)

    signer.goto(site.mailed_link("carry-over", berta))
    press(signer, "Leave it with the text that I signed")
    expect(signer.get_by_role("heading", level=1)).to_have_text("Your signature stays with the text that you signed")

    signer.goto(site.mailed_link("manage", carlo))
    press(signer, "Withdraw my signature")
    press(signer, "Yes, withdraw my signature")
    until(lambda: "Carlomarco" not in site.get(LIST).text, 2)

    assert "signed the first text" in beside("Bertarosa", site)
    reader = visitor()
    reader.goto(LETTER)
    expect(reader.locator(".changed")).to_contain_text(NOTE)
    expect(reader.locator(".changed")).to_contain_text(re.compile(r"1 signed this text, \d+ an earlier one\."))
    reader.get_by_role("link", name="How the text has changed").click()
    axe_finds_nothing(reader)
    reader.get_by_role("link", name="Text No. 2").click()
    expect(reader.locator(".differences")).to_contain_text("Pay us for every hour.")
    axe_finds_nothing(reader)

    desk.goto(DESK)
    expect(desk.locator(".figures")).to_contain_text(
        re.compile(r"Carried over\s*1\s*Staying with the earlier text\s*1")
    )
    axe_finds_nothing(desk)
    assert all(len(site.mails_to(email)) == 3 for email in (ada, berta, carlo))
    assert set(links_in(site.mails_to(ada)[2])) == {"carry-over", "manage", "not-me"}
