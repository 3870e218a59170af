"""Readers see everyone of one affiliation: the whole of it, whatever the accents, and never a withheld name."""

from urllib.parse import quote

import pytest
from django.db import connection

from letters.models import Letter
from letters.models.word_search import OF_AFFILIATION
from letters.public.public_pages import queries
from tests.people import Reader, add_published, words

pytestmark = pytest.mark.django_db


def at(letter: Letter, affiliation: str, more: str = "") -> str:
    return f"{letter.url_of('signatures')}?affiliation={quote(affiliation, safe='')}{more}"


def names_of(reader: Reader, url: str) -> list[str]:
    page = reader.get(url)
    assert page.status_code == 200
    return [part.partition("</bdi>")[0] for part in page.content.decode().split('<span class="name"><bdi>')[1:]]


def test_the_list_leads_from_an_affiliation_to_everyone_of_it(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2, affiliation="Università & Città")
    add_published(letter, 1, affiliation="Rail Union")
    page = reader.get(letter.url_of("signatures")).content.decode()
    link = f"{letter.url_of('signatures')}?affiliation=Universit%C3%A0%20%26%20Citt%C3%A0"
    assert f'rel="nofollow" href="{link}"' in page
    assert names_of(reader, link) == ["Signer 2", "Signer 1"]
    assert "?affiliation=" not in reader.get(letter.get_absolute_url()).content.decode()


@pytest.mark.parametrize("typed", ["università di torino", "UNIVERSITA DI TORINO", "  Università   di Torino "])
def test_case_and_accents_do_not_matter(letter: Letter, reader: Reader, typed: str) -> None:
    add_published(letter, 1, affiliation="Università di Torino")
    assert names_of(reader, at(letter, typed)) == ["Signer 1"]


@pytest.mark.parametrize(
    "typed", ["Rail", "Union", "Rail Unio", "Rail Union of Italy", "Signer", "%", "Rail%", "Rail_Union"]
)
def test_only_the_whole_affiliation_is_found(letter: Letter, reader: Reader, typed: str) -> None:
    add_published(letter, 1, affiliation="Rail Union")
    page = reader.get(at(letter, typed))
    assert page.status_code == (422 if typed == "%" else 200)
    assert "Signer 1" not in page.content.decode() or typed == "Rail_Union"


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_a_withheld_name_is_never_found(letter: Letter, reader: Reader, display: str) -> None:
    add_published(letter, 1, affiliation="Rail Union", display=display)
    assert names_of(reader, at(letter, "Rail Union")) == []
    assert "No public name has this affiliation." in words(reader.get(at(letter, "Rail Union")))


def test_a_removed_signature_is_not_found(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2, affiliation="Rail Union")
    letter.signatures.filter(number=1).update(state="rejected", counted=False)
    assert names_of(reader, at(letter, "Rail Union")) == ["Signer 2"]


def test_another_letter_has_its_own_people(letter: Letter, reader: Reader, published: object) -> None:
    add_published(letter, 1, affiliation="Rail Union")
    other = published(slug="other")  # type: ignore[operator]
    assert names_of(reader, at(other, "Rail Union")) == []


def test_a_long_list_has_pages(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE_LENGTH", 2)
    add_published(letter, 3, affiliation="Rail Union")
    add_published(letter, 3, affiliation="The choir")
    add_published(letter, 2, affiliation="rail union")
    url, seen = at(letter, "Rail Union"), []
    while url:
        page = reader.get(url).content.decode()
        seen += [part.partition("</bdi>")[0] for part in page.split('<span class="name"><bdi>')[1:]]
        onward = page.partition('rel="next nofollow" href="')[2].partition('"')[0].replace("&amp;", "&")
        url = onward and letter.url_of("signatures") + onward
    assert seen == ["Signer 8", "Signer 7", "Signer 3", "Signer 2", "Signer 1"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("x" * 201, "at most 200 characters"),
        ("...", "Enter an affiliation with letters or numerals."),
        ("\x00", "Null characters are not allowed."),
    ],
)
def test_bad_input_gets_a_sentence(letter: Letter, reader: Reader, typed: str, sentence: str) -> None:
    add_published(letter, 1, affiliation="Rail Union")
    page = reader.get(at(letter, typed))
    assert page.status_code == 422
    assert sentence in words(page)


def test_an_empty_one_leads_to_the_list(letter: Letter, reader: Reader) -> None:
    page = reader.get(at(letter, ""))
    assert (page.status_code, page.headers["Location"]) == (302, letter.url_of("signatures"))


def test_it_is_kept_in_no_cache_and_in_no_search_engine_and_repeats_no_words_of_the_address(
    letter: Letter, reader: Reader
) -> None:
    add_published(letter, 1, affiliation="Rail Union")
    page = reader.get(at(letter, "Rail Union"))
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "thieves" not in words(reader.get(at(letter, "All of them are thieves")))


def test_a_page_reads_the_index_in_order(letter: Letter) -> None:
    add_published(letter, 1, affiliation="Rail Union")
    values: dict[str, int | str] = {"letter": letter.pk, "affiliation": "Rail Union", "below": 10, "most": 101}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + OF_AFFILIATION, values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan Backward using signature_public_affiliation" in plan
    assert "Sort" not in plan
