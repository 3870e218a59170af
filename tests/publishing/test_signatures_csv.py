"""The whole list as data: what the page shows and nothing else, written piece by piece."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters.models import Letter, Signature
from letters.publishing import queries
from letters.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, Response, add_confirmed, add_published, publish, sign

CSV = "/letters/night-trains/signatures.csv"


def rows(answer: Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_it_holds_what_the_page_shows(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 1, affiliation="Society", role="Countess", country="IT", comment="Because.")
    add_confirmed(letter, 1, affiliation="Secret Society", role="Spy", display="organizers")
    add_confirmed(letter, 1, display="nobody")
    add_confirmed(letter, 1)
    sign(letter, "pending@example.org", name="Pending")
    publish(NOW)
    withdraw_signature(Signature.objects.get(number=4), now=NOW)
    publish(NOW)
    first, second, third = rows(reader.get(CSV))
    assert first == {
        "number": "1",
        "name": "Signer 1",
        "affiliation": "Society",
        "role": "Countess",
        "confirmed_domain": "",
        "published_on": "2025-03-03",
        "text": "1",
        "signed_text": "current",
        "carried_over": "",
    }
    for number, row in [("2", second), ("3", third)]:
        assert [row["number"], row["name"], row["affiliation"], row["role"]] == [number, "", "", ""]


def test_a_million_would_be_read_in_pieces(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "NUMBERS_AT_ONCE", 3)
    add_published(letter, 7)
    with CaptureQueriesContext(connection) as captured:
        found = rows(reader.get(CSV))
    assert [row["number"] for row in found] == list("1234567")
    assert len([query for query in captured if '"letters_signature"' in query["sql"]]) == 3


def test_no_name_is_taken_for_a_formula(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 1, affiliation="=1+1")
    publish(NOW)
    assert rows(reader.get(CSV))[0]["affiliation"] == "'=1+1"


def test_who_has_it_is_not_sent_it_again_until_somebody_signs(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    etag = reader.get(CSV)["ETag"]
    answer = reader.get(CSV, if_none_match=etag)
    assert (answer.status_code, answer["ETag"], answer.content) == (304, etag, b"")
    add_published(letter, 1)
    assert len(rows(reader.get(CSV, if_none_match=etag))) == 3


def test_it_is_a_file_for_everybody(letter: Letter, reader: Reader) -> None:
    answer = reader.get(CSV)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="night-trains-signatures.csv"'
    assert answer["Cache-Control"].startswith("public")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    assert rows(answer) == []


def test_its_head_reads_no_signature(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    with CaptureQueriesContext(connection) as captured:
        answer = reader.client.head(CSV)
    assert answer.status_code == 200
    assert [query for query in captured if '"letters_signature"' in query["sql"]] == []


def test_of_a_draft_there_is_none(draft: LetterMaker, reader: Reader) -> None:
    draft()
    assert reader.get(CSV).status_code == 404


def test_nothing_can_be_sent_to_it(letter: Letter, reader: Reader) -> None:
    assert reader.client.post(CSV).status_code == 405


def test_the_list_leads_to_it(letter: Letter, reader: Reader) -> None:
    add_published(letter, 1)
    assert f'href="{CSV}"' in reader.read(letter, "signatures")
