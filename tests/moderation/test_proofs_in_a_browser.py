"""A moderator asks, the signer proves an address at the organisation, and the queue shows its domain: in a browser."""

import os
import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import follow
from tests.moderation.test_appeals_in_a_browser import ADD_PEOPLE, MORNING, SEARCH, item, shell
from tests.stack import Site, running_site, text_of, until
from tests.takedowns.test_browser import look, sign_in
from tests.test_journeys import Visit, browser, someone, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

NIGHT = "UPDATE letters_signerquestion SET reaches_at = now() WHERE answered_at IS NOT NULL"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        shell(site, ADD_PEOPLE)
        yield site


def shoot(page: Page, site: Site, name: str) -> None:
    """Take pictures for people who want to look at the page."""
    folder = os.environ.get("SHOTS", str(site.var))
    before = page.viewport_size
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)
    assert before
    page.set_viewport_size(before)


def code_in_mail(site: Site, email: str) -> str:
    def codes() -> list[str]:
        found = [re.search(r"Your code:\s+(\d{3} \d{3})", text_of(mail)) for mail in site.mails_to(email)]
        return [each[1] for each in found if each]

    return until(codes)[0]


def test_a_signer_proves_an_address_and_the_queue_shows_its_domain(site: Site, visitor: Visit) -> None:
    name, email = someone()
    work = f"{email.partition('@')[0]}@engines.example"
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303
    link = site.mailed_link("manage", email)

    mona = sign_in(visitor(), "mona", "/moderate/search/")
    mona.goto(f"{SEARCH}{name.replace(' ', '+')}")
    mona.locator(item(mona, name)).get_by_role("button", name="Ask for more").click()
    expect(mona.get_by_text(f"Asked for more: {name}")).to_be_visible()

    signer = visitor()
    signer.goto(link)
    expect(signer.get_by_text("Your employer may see that email.")).to_be_visible()
    found = look(signer, "a question to a signer")
    shoot(signer, site, "question")
    signer.get_by_label("Your email address at your organisation").fill("ada@gmail.com")
    follow(signer.get_by_role("button", name="Email me a code"))
    expect(signer.get_by_text("Anyone can get an address there", exact=False).first).to_be_visible()
    found += look(signer, "an address that shows nothing")
    signer.get_by_label("Your email address at your organisation").fill(work)
    follow(signer.get_by_role("button", name="Email me a code"))
    code = signer.get_by_label("Code from the email")
    code.fill("000 000")
    follow(signer.get_by_role("button", name="Prove the address"))
    expect(signer.get_by_text("That code is wrong or has expired.", exact=False).first).to_be_visible()
    found += look(signer, "a wrong code")
    shoot(signer, site, "wrong-code")
    code.fill(code_in_mail(site, work))
    follow(signer.get_by_role("button", name="Prove the address"))
    expect(signer.get_by_text("You proved an address at engines.example.")).to_be_visible()
    found += look(signer, "an answer")
    shoot(signer, site, "answer")

    with psycopg.connect(site.addresses()["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(NIGHT)
    shell(site, MORNING)
    mona.goto("/moderate/")
    waiting = mona.locator(item(mona, name))
    expect(waiting.get_by_text("The signer proved an address at engines.example.")).to_be_visible()
    assert work not in mona.content()
    found += look(mona, "a proven address in the queue")
    shoot(mona, site, "queue")
    waiting.get_by_role("button", name="Accept").click()
    expect(mona.get_by_text(f"Accepted: {name}")).to_be_visible()
    assert found == []
