"""PostgreSQL goes away under a running site, and comes back."""

from collections.abc import Iterator

import pytest

from tests.stack import Answer, Site, running_site, until

pytestmark = pytest.mark.xdist_group("stack")

LETTER = "/letters/unpaid-cast/"
NAMES = f"{LETTER}signatures/"
ADA = "ada@example.org"


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


def test_without_the_database_known_pages_stay_and_the_rest_says_so_and_afterwards_all_is_as_before(
    site: Site,
) -> None:
    # So often that both web processes have met the page: each remembers its own.
    (page,) = {site.get(LETTER) for _ in range(30)}
    database = site.database()
    database.stop()
    assert site.get(LETTER) == page
    assert_says_so(site.get(NAMES))
    assert_says_so(site.sign("unpaid-cast", ADA))

    database.start(fast=True)
    until(lambda: site.get(NAMES).status == 200)
    until(lambda: site.sign("unpaid-cast", ADA).status == 303)
    link = site.mailed_link("confirm", ADA)
    assert len(site.mails_to(ADA)) == 1
    until(lambda: site.post(link).status == 303)
    until(lambda: '"published": 19' in site.get(f"{LETTER}count/").text)
    assert "has ended by itself" not in site.run.output


def assert_says_so(answer: Answer) -> None:
    assert answer.status == 503
    assert "A part of this site does not answer, and nothing was saved." in answer.text
