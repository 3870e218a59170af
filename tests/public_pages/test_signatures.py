"""The list of signatures: every number once, a hundred to a page, from the newest to the first."""

import re
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters.models import Letter, Signature
from tests.conftest import LetterMaker
from tests.people import Reader, add_confirmed, add_published, publish, sign, sign_and_confirm, words


def numbers_on(page: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r'<span class="number">([\d,]+)</span>', page)]


def test_250_signatures_are_read_page_by_page(letter: Letter, reader: Reader) -> None:
    add_published(letter, 250)
    url, pages = letter.url_of("signatures"), []
    while url:
        page = reader.get(url).content.decode()
        pages.append(numbers_on(page))
        older = re.search(r'<a rel="next" href="([^"]+)">', page)
        url = older[1] if older else ""
    assert pages == [list(range(250, 150, -1)), list(range(150, 50, -1)), list(range(50, 0, -1))]


def test_a_page_stays_the_same_while_others_sign(letter: Letter, reader: Reader) -> None:
    add_published(letter, 250)
    url = letter.url_of("signatures") + "?before=151"
    before = numbers_on(reader.get(url).content.decode())
    add_published(letter, 30)
    assert numbers_on(reader.get(url).content.decode()) == before == list(range(150, 50, -1))


@pytest.mark.parametrize(("count", "pages"), [(100, 1), (101, 2), (200, 2)])
def test_a_full_page_links_to_the_next_only_if_there_is_one(
    letter: Letter, reader: Reader, count: int, pages: int
) -> None:
    add_published(letter, count)
    page = reader.read(letter, "signatures")
    assert len(numbers_on(page)) == 100
    assert ('rel="next"' in page) == (pages > 1)
    last = reader.get(letter.url_of("signatures") + "?before=101").content.decode()
    assert 'rel="next"' not in last


def test_urls_of_numbers_above_a_thousand_have_no_separators(letter: Letter, reader: Reader) -> None:
    add_published(letter, 1101)
    page = reader.read(letter, "signatures")
    assert 'href="/letters/night-trains/signatures/?before=1002"' in page
    assert "1,101 signatures" in page
    assert numbers_on(reader.get(letter.url_of("signatures") + "?before=1002").content.decode())[0] == 1001


def test_the_page_says_so_if_there_are_no_signatures(letter: Letter, reader: Reader) -> None:
    assert "Nobody has signed yet." in reader.read(letter, "signatures")


def test_there_is_no_page_before_the_first(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    answer = reader.get(letter.url_of("signatures") + "?before=1")
    assert answer.status_code == 200
    assert "There are no older signatures." in words(answer)


@pytest.mark.parametrize(
    "before", ["", "0", "-1", "abc", "1.5", "1e3", "٣", "²", "9" * 10, "9" * 400, "1 OR 1=1", "%00", "1%00", "%FF"]
)
def test_an_impossible_page_is_a_404(letter: Letter, reader: Reader, before: str) -> None:
    assert reader.get(f"{letter.url_of('signatures')}?before={before}").status_code == 404


def test_only_published_names_are_shown(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    sign(letter, "pending@example.org", name="Signer 3")
    add_confirmed(letter, 1, state="held")
    publish()
    sign_and_confirm(letter, "confirmed@example.org", name="Signer 5")
    page = reader.read(letter, "signatures")
    assert re.findall(r"Signer \d+", page) == ["Signer 2", "Signer 1"]


def test_names_of_every_display_are_shown_as_promised(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 1, affiliation="Secret Society", role="Spy", display="organizers")
    add_confirmed(letter, 1, display="nobody")
    add_confirmed(letter, 1, affiliation="Society", role="Countess")
    publish()
    answer = reader.get(letter.url_of("signatures"))
    assert "3 Signer 3 Countess, Society 2 name withheld 1 name withheld" in words(answer)
    assert "Secret" not in answer.content.decode()
    assert "Spy" not in answer.content.decode()


def test_a_withdrawn_signature_leaves_its_number_and_nothing_else(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    Signature.objects.filter(number=2).update(state="withdrawn", name="", address_hash=None)
    publish()
    answer = reader.get(letter.url_of("signatures"))
    assert "3 Signer 3 2 withdrawn 1 Signer 1" in words(answer)
    assert "2 signatures" in words(answer)


def test_each_letter_has_its_own_list(letter: Letter, published: LetterMaker, reader: Reader) -> None:
    add_published(letter, 2)
    other = published(slug="sleeping-cars")
    assert numbers_on(reader.read(other, "signatures")) == []


def test_the_list_is_in_the_language_of_its_address(letter: Letter, reader: Reader) -> None:
    add_published(letter, 101)
    page = reader.read(letter, "signatures", "it")
    assert '<html lang="it"' in page
    assert 'href="/it/letters/night-trains/signatures/?before=2"' in page


def test_a_page_asks_the_database_as_often_for_a_hundred_signatures_as_for_one(
    published: LetterMaker, reader: Reader
) -> None:
    few, many = (published(slug=slug, comments_public=True, ask_comment="optional") for slug in ("few", "many"))
    for letter, number in ((few, 1), (many, 100)):
        add_published(letter, number, affiliation="Society", role="Countess", comment="Trains!", comment_for="everyone")
    reader.get(few.url_of("letter"))
    asked = []
    for letter in (few, many):
        with CaptureQueriesContext(connection) as queries:
            assert "Trains!" in reader.read(letter, "signatures")
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_whatever_signers_type_is_text_on_the_list(letter: Letter, reader: Reader) -> None:
    evil = '"><script>alert(1)</script>&amp;'
    Letter.objects.update(comments_public=True)
    add_published(letter, 1, affiliation=evil, role=evil, comment=evil, comment_for="everyone", domain=evil)
    Signature.objects.update(name=evil)
    publish()
    page = reader.read(letter, "signatures")
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;") == 5
    assert f"?affiliation={quote(evil, safe='')}" in page
