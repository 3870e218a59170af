"""An owner verifies a domain, the letter shows it, and a site moderator removes it: in a browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.accessibility import follow
from tests.moderation.test_appeals_in_a_browser import shell
from tests.moderation.test_proofs_in_a_browser import shoot
from tests.stack import Site, running_site, text_of, until
from tests.takedowns.test_browser import ADD_PEOPLE, PASSWORD, look, sign_in
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

LETTER = "/letters/unpaid-cast/"
DOMAINS = "/organize/collectives/the-unpaid-cast/domains/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        shell(site, ADD_PEOPLE.format(password=PASSWORD))
        yield site


def code_in_mail(site: Site, email: str) -> str:
    def codes() -> list[str]:
        found = [re.search(r"Your code:\s+(\S{3} \S{3})", text_of(mail)) for mail in site.mails_to(email)]
        return [each[1] for each in found if each]

    return until(codes)[0]


def test_an_owner_verifies_a_domain_and_the_letter_shows_it(site: Site, visitor: Visit) -> None:
    reader = visitor()
    reader.goto(LETTER)
    expect(reader.get_by_text("Verified:")).to_have_count(0)

    owner = sign_in(visitor(), "olga", DOMAINS)
    found = look(owner, "no domains")
    owner.get_by_label("Domain", exact=True).fill("mail.gmail.com")
    follow(owner.get_by_role("button", name="Email the code"))
    expect(owner.get_by_text("it says nothing about your collective", exact=False).first).to_be_visible()
    found += look(owner, "a domain of everyone")
    owner.get_by_label("Domain", exact=True).fill("https://WWW.bücher.example/about")
    owner.get_by_label("webmaster@").check()
    follow(owner.get_by_role("button", name="Email the code"))
    expect(owner.get_by_text("We have emailed a code to", exact=False)).to_be_visible()
    owner.get_by_label("Code from the email").fill("AAA AAA")
    follow(owner.get_by_role("button", name="Verify the domain"))
    expect(owner.get_by_text("That code is wrong or has expired.", exact=False).first).to_be_visible()
    found += look(owner, "a wrong code")
    shoot(owner, site, "domain-code")
    owner.get_by_label("Code from the email").fill(code_in_mail(site, "webmaster@xn--bcher-kva.example"))
    follow(owner.get_by_role("button", name="Verify the domain"))
    expect(owner.get_by_text("Verified", exact=True)).to_be_visible()
    found += look(owner, "a verified domain")
    shoot(owner, site, "domain-verified")

    reader.goto(LETTER)
    expect(reader.get_by_text("Verified: bücher.example (xn--bcher-kva.example), on")).to_be_visible()
    found += look(reader, "a letter with a domain")
    shoot(reader, site, "letter-with-domain")

    warden = sign_in(visitor(), "wanda", "/site/domains/")
    found += look(warden, "domains of the site")
    warden.get_by_text("Remove bücher.example", exact=False).click()
    warden.get_by_label("Why the collective must not show this domain").fill("They never heard of the collective.")
    shoot(warden, site, "site-domains")
    follow(warden.get_by_role("button", name="Remove the domain"))
    expect(warden.get_by_text("no longer shows bücher.example", exact=False)).to_be_visible()
    found += look(warden, "a removed domain on the site's page")

    reader.goto(LETTER)
    expect(reader.get_by_text("Verified:")).to_have_count(0)
    owner.goto(DOMAINS)
    expect(owner.get_by_text("They never heard of the collective.")).to_be_visible()
    found += look(owner, "a removed domain")
    assert found == []
