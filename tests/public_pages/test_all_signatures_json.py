"""The whole list as one JSON file: the rows of the CSV, built and sent in the same way."""

import csv
import gzip
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.models import Letter, Signature
from letters.public.public_pages import files, list_rows
from letters.public.public_pages.list_rows import public_json
from letters.public.public_pages.tasks import build_list, tidy_lists
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, Response, add_confirmed, add_published, kept_pages, publish, sign

CSV = "/letters/night-trains/signatures.csv"
JSON = "/letters/night-trains/all-signatures.json"


def content(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.getvalue())
    return found


def numbers(answer: Response) -> list[int]:
    return [row["number"] for row in content(answer)["signatures"]]


def test_the_rows_are_those_of_the_csv_and_of_the_pages(letter: Letter, reader: Reader) -> None:
    Letter.objects.update(comments_public=True)
    add_confirmed(letter, 1, affiliation='Society \\ "quoted"\n', comment="Because.", comment_for="everyone")
    add_confirmed(letter, 1, affiliation="Secret Society", role="Spy", display="organizers", comment="Mine.")
    add_confirmed(letter, 1, display="nobody")
    add_confirmed(letter, 1)
    sign(letter, "pending@example.org", name="Pending")
    publish(NOW)
    withdraw_signature(Signature.objects.get(number=4), now=NOW)
    publish(NOW)
    whole = content(reader.get(JSON))
    in_csv = list(csv.DictReader(io.StringIO(reader.get(CSV).getvalue().decode("utf-8-sig"), newline="")))
    assert [{name: str(value) for name, value in row.items()} for row in whole["signatures"]] == in_csv
    page = json.loads(reader.get(letter.url_of("signatures_json")).getvalue())
    assert whole["signatures"] == page["signatures"][::-1]
    assert (whole["published"], whole["version"]) == (page["published"], page["version"]) == (3, whole["version"])
    assert reader.count(letter)["version"] == whole["version"]
    assert "Secret" not in str(whole)


def test_an_empty_list_is_json_too(letter: Letter, reader: Reader) -> None:
    assert content(reader.get(JSON)) == {"version": letter.version, "signatures": [], "published": 0}


def test_signatures_are_read_in_batches(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory: no more than one batch is in it, however long the list is."""
    monkeypatch.setattr(list_rows, "NUMBERS_BATCH_SIZE", 3)
    add_published(letter, 10)
    Signature.objects.filter(number__in=[4, 5, 6]).update(state="rejected")
    with CaptureQueriesContext(connection) as captured:
        assert numbers(reader.get(JSON)) == [1, 2, 3, 7, 8, 9, 10]
    assert len([query for query in captured if '"letters_signature"' in query["sql"]]) == 4
    assert max(part.count(b'"number"') for part in public_json(letter)) == 3


def test_its_number_is_that_of_its_rows(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust: someone may withdraw while the file is read."""
    monkeypatch.setattr(list_rows, "NUMBERS_BATCH_SIZE", 2)
    add_published(letter, 6)
    parts = public_json(letter)
    written = [next(parts), next(parts)]
    withdraw_signature(Signature.objects.get(number=5), now=NOW)
    publish(NOW)
    whole = json.loads(b"".join([*written, *parts]))
    assert whole["published"] == len(whole["signatures"]) == 5


def test_whoever_waits_for_a_moderator_is_not_in_it(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 3, state="held", concern="domain")
    publish(NOW)
    assert content(reader.get(JSON))["signatures"] == []


def test_everyone_gets_the_same_file(letter: Letter, reader: Reader) -> None:
    add_published(letter, 1)
    answer = reader.get(JSON)
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="night-trains-signatures.json"'
    assert answer["Cache-Control"].startswith("public")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    assert f'href="{JSON}"' in reader.read(letter, "signatures")


def test_a_reader_who_has_the_file_gets_a_304_until_someone_signs(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    etag = reader.get(JSON)["ETag"]
    assert etag != reader.get(CSV)["ETag"]
    answer = reader.get(JSON, if_none_match=etag)
    assert (answer.status_code, answer["ETag"], answer.content) == (304, etag, b"")
    add_published(letter, 1)
    assert numbers(reader.get(JSON, if_none_match=etag)) == [1, 2, 3]


def test_a_head_request_reads_no_signature(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    with CaptureQueriesContext(connection) as captured:
        answer = reader.client.head(JSON)
    assert answer.status_code == 200
    assert [query for query in captured if '"letters_signature"' in query["sql"]] == []


def test_a_draft_has_no_file_and_no_form_can_be_sent_to_it(draft: LetterMaker, reader: Reader) -> None:
    draft()
    assert reader.get(JSON).status_code == 404
    assert reader.client.post(JSON).status_code == 405


# A large letter


def built(letter: Letter, *, ago: timedelta = timedelta(0)) -> None:
    build_list(letter.pk, now=timezone.now() - ago, ending="json")


def test_no_request_reads_a_long_list(large: Letter, reader: Reader, woken: list[tuple[object, ...]]) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = reader.get(JSON)
    assert [query for query in captured if '"letters_signature"' in query["sql"]] == []
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "20", "no-store")
    assert woken == [("letters.build_json_list", large.pk, "exports")]
    built(large)
    answer = reader.get(JSON)
    assert numbers(answer) == [1, 2, 3]
    assert answer["Cache-Control"] == "public, max-age=5"
    assert len(woken) == 1


def test_each_file_is_built_only_for_those_who_ask_for_it(
    large: Letter, reader: Reader, woken: list[tuple[object, ...]]
) -> None:
    built(large)
    assert reader.get(CSV).status_code == 503
    build_list(large.pk, now=timezone.now())
    assert len(files.all_lists()) == 2
    answer = reader.get(CSV)
    assert (answer["Content-Type"], answer.getvalue().count(b"Signer")) == ("text/csv; charset=utf-8", 3)
    assert numbers(reader.get(JSON)) == [1, 2, 3]
    assert [task for task, *_ in woken] == ["letters.build_list"]


def test_a_name_that_was_withdrawn_is_gone_within_the_time_that_the_page_says(large: Letter, reader: Reader) -> None:
    built(large, ago=files.MAX_OUTDATED_TIME + timedelta(seconds=1))
    assert numbers(reader.get(JSON)) == [1, 2, 3]
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    publish(NOW)
    assert reader.get(JSON).status_code == 503
    tidy_lists(now=timezone.now())
    assert files.all_lists() == []
    built(large)
    assert numbers(reader.get(JSON)) == [1, 3]


def test_a_list_is_built_again_after_a_minute_and_replaces_only_its_own_kind(
    large: Letter, reader: Reader, tmp_path: Path
) -> None:
    build_list(large.pk, now=timezone.now() - files.REBUILD_INTERVAL)
    built(large, ago=files.REBUILD_INTERVAL)
    add_published(large, 1)
    built(large)
    assert numbers(reader.get(JSON)) == [1, 2, 3, 4]
    kept = sorted("".join(path.suffixes) for path in (tmp_path / "lists").iterdir() if path.stat().st_size)
    assert kept == [".csv", ".csv.gz", ".json", ".json.gz"]


def test_a_large_list_is_compressed_once_for_everyone(large: Letter, reader: Reader) -> None:
    built(large)
    plain = reader.client.get(JSON)
    compressed = reader.client.get(JSON, headers={"Accept-Encoding": "gzip, br"})
    assert (compressed["Content-Encoding"], compressed["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(compressed.getvalue()) == plain.getvalue()


def test_both_files_count_as_downloads_of_one_network(large: Letter, reader: Reader, settings: Settings) -> None:
    settings.LIMIT_DOWNLOADS = parse("1/hour")
    built(large)
    build_list(large.pk, now=timezone.now())
    assert numbers(reader.get(JSON)) == [1, 2, 3]
    kept_pages().pages.clear()
    assert [reader.get(url).status_code for url in (JSON, CSV)] == [429, 429]


def test_the_worker_knows_the_task(large: Letter) -> None:
    from letters.tasks import build_json_list

    assert build_json_list.name == "letters.build_json_list"
    build_json_list(large.pk)
    assert [built.path.suffix for built in files.all_lists()] == [".json"]
