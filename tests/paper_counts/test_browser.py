"""An organizer enters signatures on paper, readers see them apart, and a site moderator hides them: in a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.accessibility import follow
from tests.moderation.test_appeals_in_a_browser import shell
from tests.moderation.test_proofs_in_a_browser import shoot
from tests.stack import Site, running_site
from tests.takedowns.test_browser import ADD_PEOPLE, PASSWORD, look, sign_in
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

LETTER = "/letters/unpaid-cast/"
PAPER = "/organize/letters/unpaid-cast/paper/"
OF_SITE = "/site/letters/unpaid-cast/paper/"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        shell(site, ADD_PEOPLE.format(password=PASSWORD))
        yield site


def test_signatures_on_paper_are_entered_shown_apart_and_hidden(site: Site, visitor: Visit) -> None:
    owner = sign_in(visitor(), "olga", PAPER)
    for number, who in (("1204", "the works council"), ("96", "the choir of the theatre")):
        owner.get_by_label("Signatures on paper").fill(number)
        owner.get_by_label("Counted by").fill(who)
        owner.get_by_label("Where the sheets are kept").fill("Room 12")
        follow(owner.get_by_role("button", name="Show these signatures"))
    expect(owner.get_by_text("The public page now shows", exact=False)).to_be_visible()
    follow(owner.get_by_role("link", name="Correct this number").first)
    found = look(owner, "correct a number")
    owner.get_by_label("Signatures on paper").fill("97")
    follow(owner.get_by_role("button", name="Correct the number"))
    found += look(owner, "signatures on paper")
    shoot(owner, site, "paper")

    reader = visitor()
    reader.goto(LETTER)
    expect(reader.get_by_text("and 1,301 on paper:")).to_be_visible()
    found += look(reader, "a letter with signatures on paper")
    shoot(reader, site, "paper-on-letter")

    warden = sign_in(visitor(), "wanda", OF_SITE)
    found += look(warden, "signatures on paper, for the site")
    shoot(warden, site, "paper-of-site")
    warden.get_by_label("Why you hide it").first.fill("There are no sheets.")
    follow(warden.get_by_role("button", name="Hide this number").first)
    expect(warden.get_by_text("The organizers read why.", exact=False)).to_be_visible()
    reader.goto(LETTER)
    expect(reader.get_by_text("and 1,204 on paper, counted by", exact=False)).to_be_visible()
    assert not found, "\n".join(found)
