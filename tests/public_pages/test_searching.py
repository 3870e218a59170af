"""Readers search the public list: whatever the accents, by the beginnings of words, and never a withheld name."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from limits import parse
from pytest_django import DjangoAssertNumQueries, Settings

from letters.models import PUBLIC_NUMBERS, Letter, Signature, public_numbers
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, Response, add_confirmed, kept_pages, publish, words
from tests.public_pages.test_signatures import numbers_on

# ruff: noqa: RUF001 -- names as people write them
NAMES = ["Nguyễn Thị Minh", "Seán O’Brien", "Ann ﬆeel", "Łucja Größe", "王小明", "Ιωάννης Παπαδόπουλος", "محمد علي"]


@pytest.fixture
def named(letter: Letter) -> Letter:
    for name in NAMES:
        add_named(letter, name)
    publish()
    return letter


def add_named(letter: Letter, name: str, **fields: Any) -> None:
    add_confirmed(letter, 1, **fields)
    newest = Signature.objects.filter(letter=letter).latest("pk")
    newest.name = "" if newest.display == "nobody" else name
    newest.save()


def search(letter: Letter, reader: Reader, text: str) -> Response:
    return ask(letter, reader, q=text)


def ask(letter: Letter, reader: Reader, language: str = "", **sent: str) -> Response:
    return reader.get(f"{letter.url_of('signatures', language)}?{urlencode(sent)}")


def found(letter: Letter, reader: Reader, text: str) -> list[str]:
    page = search(letter, reader, text).content.decode()
    return re.findall(r'<span class="name"><bdi>([^<]+)</bdi>', page)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *[("nguyen", NAMES[0]), ("NGUYEN minh", NAMES[0]), ("thi", NAMES[0]), ("o'brien", NAMES[1])],
        *[("o’bri", NAMES[1]), ("sean o`brien", NAMES[1]), ("st", NAMES[2]), ("steel", NAMES[2]), ("lucja", NAMES[3])],
        *[("grosse", NAMES[3]), ("王", NAMES[4]), ("ιωαννησ", NAMES[5]), ("παπα", NAMES[5]), ("محمد", NAMES[6])],
    ],
)
def test_a_name_is_found_in_every_spelling(named: Letter, reader: Reader, text: str, name: str) -> None:
    assert found(named, reader, text) == [name]


def test_an_affiliation_is_found_with_the_name(letter: Letter, reader: Reader) -> None:
    add_named(letter, "Zoë Lind", affiliation="Universität Bremen")
    add_named(letter, "Zoë Berg", affiliation="City Hospital")
    publish()
    assert found(letter, reader, "zoe universitat") == ["Zoë Lind"]
    assert found(letter, reader, "zoe") == ["Zoë Berg", "Zoë Lind"]


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_a_withheld_name_is_never_found(letter: Letter, reader: Reader, display: str) -> None:
    add_named(letter, "Greta Garbo", affiliation="Metro Studio", display=display)
    add_named(letter, "Ilse Lund")
    publish()
    for text in ("greta", "garbo", "metro", "name withheld"):
        page = words(search(letter, reader, text))
        assert "No public name or affiliation matches." in page
        assert page == words(search(letter, reader, text.replace("g", "q")))


def test_a_withheld_name_is_not_in_the_index_that_the_search_reads(letter: Letter) -> None:
    add_confirmed(letter, 3, display="organizers")
    publish()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef('signature_public_words'::regclass)")
        (definition,) = cursor.fetchone()
    assert re.search(r"WHERE .*display\)::text = 'public'", definition)
    assert re.search(r"WHERE .*state\)::text = 'published'", definition)


@pytest.mark.parametrize("state", ["withdrawn", "rejected"])
def test_a_name_that_left_the_list_is_not_found(named: Letter, reader: Reader, state: str) -> None:
    Signature.objects.filter(letter=named, name=NAMES[0]).update(state=state)
    assert found(named, reader, "nguyen") == []


def test_other_letters_are_not_searched(named: Letter, published: LetterMaker, reader: Reader) -> None:
    other = published("sleeping-cars")
    add_named(other, "Nguyễn Van")
    publish()
    assert found(other, reader, "nguyen") == ["Nguyễn Van"]


def test_many_matches_are_read_page_by_page(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 230)
    publish()
    url, pages = f"{letter.url_of('signatures')}?q=signer", []
    while url:
        page = reader.get(url).content.decode()
        pages.append(numbers_on(page))
        older = re.search(r'<a rel="next" href="(\?q=signer)&amp;(before=\d+)">', page)
        url = f"{letter.url_of('signatures')}{older[1]}&{older[2]}" if older else ""
    assert pages == [list(range(230, 130, -1)), list(range(130, 30, -1)), list(range(30, 0, -1))]


FILL = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, number, counted, signed_at, confirmed_at, published_at)
SELECT %(letter)s, %(revision)s, 'en', CASE WHEN n %% 3000 = 0 THEN 'Zbigniew' ELSE 'Maria' END, '', '', '', '',
    'public', 'published', 'link', '', n, true, %(now)s, %(now)s, %(now)s
FROM generate_series(1, 30000) AS n
"""


@pytest.fixture
def long_list(letter: Letter) -> Letter:
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"letter": letter.pk, "revision": letter.current_revision_id, "now": NOW})
        cursor.execute("ANALYZE letters_signature")
    Letter.objects.filter(pk=letter.pk).update(last_number=30000, signature_count=30000)
    letter.refresh_from_db()
    return letter


def test_a_common_name_is_found_in_the_newest_span_and_a_rare_one_in_all(long_list: Letter) -> None:
    pk = long_list.pk
    assert public_numbers(pk, ["maria"], below=30001, most=3) == [29999, 29998, 29997]
    assert public_numbers(pk, ["maria"], below=12, most=100) == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert public_numbers(pk, ["zbig"], below=30001, most=100) == list(range(30000, 0, -3000))
    assert public_numbers(pk, ["zbigniew"], below=15000, most=100) == [12000, 9000, 6000, 3000]
    assert public_numbers(pk, [], below=30001, most=100) == []
    assert public_numbers(pk + 1, ["maria"], below=30001, most=100) == []


def test_the_search_reads_the_index_and_few_rows(long_list: Letter) -> None:
    values: dict[str, Any] = {"spans": f"'#{long_list.pk}s5'", "words": "'zbig':*", "start": 30001, "most": 101}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {PUBLIC_NUMBERS}", values)
        (plan,) = cursor.fetchone()[0]
    assert '"Index Name": "signature_public_words"' in str(plan).replace("'", '"')
    assert "Seq Scan" not in str(plan)


def test_a_search_costs_few_queries(
    named: Letter, reader: Reader, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(11):
        search(named, reader, "nguyen")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * 10_000, "at most 100 characters"),
        ("\u0301\u0301", "No public name or affiliation matches."),
        ("%_*", "No public name or affiliation matches."),
        ("' | '#1", "No public name or affiliation matches."),
        ("\u202enguyen\u202c", ""),
        ("a\0b", ""),
        ("!&|:*<->()", "No public name or affiliation matches."),
    ],
)
def test_odd_searches_get_a_sentence(named: Letter, reader: Reader, text: str, sentence: str) -> None:
    answer = search(named, reader, text)
    assert answer.status_code in {200, 422}
    assert sentence in words(answer)


def test_a_number_leads_to_the_page_that_begins_with_it(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 130)
    publish()
    url = letter.url_of("signatures")
    answer = ask(letter, reader, number="42")
    assert answer.headers["Location"] == f"{url}?before=43"
    assert numbers_on(reader.get(answer.headers["Location"]).content.decode())[0] == 42
    assert ask(letter, reader, number="131").headers["Location"] == url


@pytest.mark.parametrize("number", ["abc", "-1", "0", "1.5", "9" * 30, "٣x", "1\0"])
def test_an_impossible_number_gets_a_sentence(letter: Letter, reader: Reader, number: str) -> None:
    answer = ask(letter, reader, number=number)
    assert answer.status_code == 422
    assert "There is a problem" in words(answer)


def test_an_empty_search_leads_back_to_the_list(letter: Letter, reader: Reader) -> None:
    answer = search(letter, reader, "")
    assert answer.headers["Location"] == letter.url_of("signatures")


def test_no_cache_keeps_what_a_reader_searches_for(named: Letter, reader: Reader) -> None:
    answer = search(named, reader, "nguyen")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert not answer.cookies


def test_searches_do_not_push_letters_out_of_memory(named: Letter, reader: Reader) -> None:
    before = set(kept_pages().pages)
    for text in ("nguyen", "lucja", "nobody"):
        search(named, reader, text)
    assert set(kept_pages().pages) == before


def test_a_network_can_search_so_many_times_an_hour(named: Letter, reader: Reader, settings: Settings) -> None:
    settings.LIMIT_SEARCHES = parse("1/hour")
    assert search(named, reader, "nguyen").status_code == 200
    refused = search(named, reader, "nguyen")
    assert refused.status_code == 429
    assert "Try again later" in words(refused)
    assert reader.get(named.url_of("signatures")).status_code == 200


def test_the_page_in_italian_is_italian(named: Letter, reader: Reader) -> None:
    page = words(ask(named, reader, "it", q="zzz"))
    assert "Nessun nome" in page
