"""The numbers by country, the list of one affiliation, closed sign-up: axe finds nothing, nothing scrolls sideways."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.accessibility import follow
from tests.moderation.test_appeals_in_a_browser import shell
from tests.moderation.test_proofs_in_a_browser import shoot
from tests.stack import Site, running_site
from tests.takedowns.test_browser import look
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

LETTER = "/letters/unpaid-cast/"
SHOW = """
from django.utils import timezone
from letters.models import Breakdown, Letter
letter = Letter.objects.get(slug="unpaid-cast")
groups = [["IT", 4310], ["DE", 120], ["", 40]]
domains = [["donaudampfschifffahrtselektrizitaetenhauptbetriebswerk.example.org", 210], ["", 40]]
Breakdown.objects.create(letter=letter, kind="domain", shown=domains, renewed_on=timezone.now().date())
Breakdown.objects.create(letter=letter, kind="country", shown=groups, renewed_on=timezone.now().date())
Letter.objects.filter(pk=letter.pk).update(breakdown_public=True, version=letter.version + 1)
letter.signatures.filter(number__lte=9).update(affiliation="Rail Union")
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Closed for new accounts, because no test here creates one.
    with running_site(SIGN_UP="closed") as site:
        shell(site, SHOW)
        yield site


def test_numbers_by_country_and_the_people_of_one_affiliation(site: Site, visitor: Visit) -> None:
    reader = visitor()
    reader.goto(LETTER)
    expect(reader.get_by_text("This letter shows how many people sign", exact=False)).to_be_visible()
    found = look(reader, "a letter that shows numbers by country")
    reader.goto(f"{LETTER}signatures/")
    found += look(reader, "a list with affiliations")
    shoot(reader, site, "list-with-affiliations")
    follow(reader.get_by_role("link", name="Rail Union").first)
    expect(reader.get_by_role("heading", name="Signatures of one affiliation")).to_be_visible()
    found += look(reader, "everyone of one affiliation")
    shoot(reader, site, "of-affiliation")
    reader.goto(f"{LETTER}breakdown/")
    expect(reader.get_by_role("row", name="Italy 4,310")).to_be_visible()
    found += look(reader, "numbers by country")
    shoot(reader, site, "breakdown")
    assert not found, "\n".join(found)


def test_a_site_that_is_closed_for_new_accounts_says_so(site: Site, visitor: Visit) -> None:
    person, found = visitor(), []
    for path in ("/accounts/signup/", "/organize/new/"):
        person.goto(path)
        expect(person.get_by_role("heading", name="No new accounts")).to_be_visible()
        found += look(person, f"{path} when no one can sign up")
    follow(person.get_by_role("main").get_by_role("link", name="Sign in"))
    expect(person.get_by_label("Email")).to_be_visible()
    assert not found, "\n".join(found)
