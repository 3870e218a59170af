"""Organizers choose what search engines are asked to leave out."""

from typing import Any

import pytest

from letters.models import Indexing, Letter, User
from letters.organizer.letter_editor.operations import set_up_letter
from tests.conftest import LetterMaker
from tests.people import NOW, Reader
from tests.public_pages.test_caching import DATA, PAGES

pytestmark = pytest.mark.django_db

LISTS = ["signatures/", "signatures.csv", "signatures.json", "all-signatures.json"]


def robots(reader: Reader, path: str, **how: Any) -> str:
    answer = reader.get(path, **how)
    assert answer.status_code in {200, 304}
    return answer.headers.get("X-Robots-Tag", "")


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_search_engines_may_show_everything_at_first(letter: Letter, reader: Reader, path: str) -> None:
    assert robots(reader, path) == ""


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_of_names_alone_can_be_left_out(published: LetterMaker, reader: Reader, name: str) -> None:
    letter = published(indexing=Indexing.TEXT)
    url = letter.get_absolute_url()
    assert robots(reader, f"{url}{name}") == "noindex"
    assert robots(reader, f"{url}{name}") == "noindex", "the kept page says so too"
    assert robots(reader, url) == robots(reader, f"{url}history/") == ""


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_every_page_of_a_letter_can_be_left_out(letter: Letter, reader: Reader, path: str) -> None:
    Letter.objects.update(indexing=Indexing.NOTHING)
    assert robots(reader, path) == ("noindex" if letter.slug in path else "")


def test_a_cache_asks_again_once_the_choice_changes(letter: Letter, reader: Reader, organizer: User) -> None:
    old = f"{letter.get_absolute_url()}history/1/"
    etag = reader.get(old).headers["ETag"]
    set_up_letter(letter, values={"indexing": "nothing"}, by=organizer, now=NOW)
    assert reader.get(old).headers["ETag"] != etag
    assert robots(reader, old) == "noindex"
