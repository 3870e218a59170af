"""No letter and no collective gets a web address that a page of the site has."""

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from letters.models import Collective, Letter, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import free_slug, readdress_letter
from letters.shared.refused import Refused
from letters.shared.slugs import RESERVED
from tests.people import NOW


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield route
        else:
            yield from routes(each, route)


def test_a_page_of_the_site_beside_those_of_letters_or_collectives_is_reserved() -> None:
    every = [re.sub(r"\(\?P<slug>[^)]*\)", "<slug:slug>", each.strip("^")) for each in routes(get_resolver())]
    folders = {each.partition("<slug:slug>")[0] for each in every if "<slug:slug>/" in each}
    assert {"moderate/", "organize/collectives/", "site/letters/"} <= folders
    beside = {
        each.removeprefix(folder).partition("/")[0] for folder in folders for each in every if each.startswith(folder)
    }
    literal = {each for each in beside if re.fullmatch("[a-z0-9-]+", each)}
    assert {"search", "rules", "new"} <= literal
    assert literal <= RESERVED


@pytest.mark.django_db
def test_a_letter_whose_title_is_the_name_of_a_page_gets_another_address(letter: Letter, organizer: User) -> None:
    assert free_slug(Letter, "Search") == "search-2"
    with pytest.raises(Refused, match="address_reserved"):
        readdress_letter(letter, slug="search", by=organizer, now=NOW)
    assert Letter.objects.get().slug == letter.slug


@pytest.mark.django_db
def test_a_collective_whose_name_is_that_of_a_page_gets_another_address(organizer: User) -> None:
    made = create_collective(name="New", slug="", description="", by=organizer, now=NOW)
    assert re.fullmatch("collective-[0-9a-f]{6}", made.slug) or made.slug.startswith("new-")
    assert Collective.objects.filter(slug="new").count() == 0
