"""The whole list as data: what the page shows and nothing else, written in batches."""

import csv
import gzip
import io
import os
import stat
import time
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
from letters.public.public_pages.tasks import build_list, tidy_lists
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, Response, add_confirmed, add_published, kept_pages, publish, sign, words

CSV = "/letters/night-trains/signatures.csv"


def rows(answer: Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_file_holds_what_the_page_shows(letter: Letter, reader: Reader) -> None:
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
        "before_translations": "",
        "signed_text": "current",
        "carried_over": "",
        "comment": "",
        "opening": bytes(Signature.objects.get(number=1).ledger_opening.opening).hex(),
    }
    assert len(first["opening"]) == 64
    for number, row in [("2", second), ("3", third)]:
        assert [row["number"], row["name"], row["affiliation"], row["role"]] == [number, "", "", ""]
        # Privacy: with the opening, someone could try names.
        assert row["opening"] == ""


def test_signatures_are_read_in_batches(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_rows, "NUMBERS_BATCH_SIZE", 3)
    add_published(letter, 7)
    with CaptureQueriesContext(connection) as captured:
        found = rows(reader.get(CSV))
    assert [row["number"] for row in found] == list("1234567")
    assert len([query for query in captured if '"letters_signature"' in query["sql"]]) == 3


def test_no_name_becomes_a_formula(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 1, affiliation="=1+1")
    publish(NOW)
    assert rows(reader.get(CSV))[0]["affiliation"] == "'=1+1"


def test_a_reader_who_has_the_file_gets_a_304_until_someone_signs(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    etag = reader.get(CSV)["ETag"]
    answer = reader.get(CSV, if_none_match=etag)
    assert (answer.status_code, answer["ETag"], answer.content) == (304, etag, b"")
    add_published(letter, 1)
    assert len(rows(reader.get(CSV, if_none_match=etag))) == 3


def test_everyone_gets_the_same_file(letter: Letter, reader: Reader) -> None:
    answer = reader.get(CSV)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="night-trains-signatures.csv"'
    assert answer["Cache-Control"].startswith("public")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    assert rows(answer) == []


def test_a_head_request_reads_no_signature(letter: Letter, reader: Reader) -> None:
    add_published(letter, 2)
    with CaptureQueriesContext(connection) as captured:
        answer = reader.client.head(CSV)
    assert answer.status_code == 200
    assert [query for query in captured if '"letters_signature"' in query["sql"]] == []


def test_a_draft_has_no_file(draft: LetterMaker, reader: Reader) -> None:
    draft()
    assert reader.get(CSV).status_code == 404


def test_no_form_can_be_sent_to_it(letter: Letter, reader: Reader) -> None:
    assert reader.client.post(CSV).status_code == 405


def test_the_list_leads_to_it(letter: Letter, reader: Reader) -> None:
    add_published(letter, 1)
    assert f'href="{CSV}"' in reader.read(letter, "signatures")


# A large letter


def built(letter: Letter, *, ago: timedelta = timedelta(0)) -> None:
    build_list(letter.pk, now=timezone.now() - ago)


def test_no_request_reads_a_long_list(large: Letter, reader: Reader, woken: list[tuple[object, ...]]) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = reader.get(CSV)
    assert [query for query in captured if '"letters_signature"' in query["sql"]] == []
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "20", "no-store")
    assert "Reload this page in about 20 seconds." in words(answer)
    assert woken == [("letters.build_list", large.pk, "exports")]
    built(large)
    with CaptureQueriesContext(connection) as captured:
        assert [row["number"] for row in rows(reader.get(CSV))] == ["1", "2", "3"]
    assert [query for query in captured if '"letters_signature"' in query["sql"]] == []
    assert len(woken) == 1


def test_a_file_is_sent_with_its_etag_and_only_once(large: Letter, reader: Reader) -> None:
    built(large)
    answer = reader.get(CSV)
    assert answer["Cache-Control"] == "public, max-age=5"
    assert answer["Content-Disposition"] == 'attachment; filename="night-trains-signatures.csv"'
    assert "Last-Modified" not in answer.headers
    rows(answer)
    again = reader.get(CSV, if_none_match=answer["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert reader.client.head(CSV)["ETag"] == answer["ETag"]


def test_a_slightly_outdated_list_is_sent_and_built_again(
    large: Letter, reader: Reader, woken: list[tuple[object, ...]]
) -> None:
    built(large)
    add_published(large, 1)
    woken.clear()
    assert len(rows(reader.get(CSV))) == 3
    # The list is not built again for each signature.
    assert woken == []
    built(large)
    assert len(rows(reader.get(CSV))) == 3


def test_a_list_is_built_again_after_a_minute(large: Letter, reader: Reader, woken: list[tuple[object, ...]]) -> None:
    built(large, ago=files.REBUILD_INTERVAL)
    add_published(large, 1)
    woken.clear()
    assert len(rows(reader.get(CSV))) == 3
    assert woken == [("letters.build_list", large.pk, "exports")]
    built(large)
    assert len(rows(reader.get(CSV))) == 4
    assert len(files.all_lists()) == 1


def test_a_name_that_was_withdrawn_is_gone_within_the_time_that_the_page_says(large: Letter, reader: Reader) -> None:
    said = f"These files are at most {int(files.MAX_OUTDATED_TIME.total_seconds())} seconds behind"
    assert said in words(reader.get(large.url_of("signatures")))
    built(large, ago=files.MAX_OUTDATED_TIME + timedelta(seconds=1))
    assert len(rows(reader.get(CSV))) == 3
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    publish(NOW)
    assert reader.get(CSV).status_code == 503
    tidy_lists(now=timezone.now())
    assert files.all_lists() == []
    built(large)
    assert [row["number"] for row in rows(reader.get(CSV))] == ["1", "3"]


def test_tidying_keeps_files_that_are_still_sent(large: Letter, tmp_path: Path) -> None:
    built(large, ago=timedelta(days=1))
    abandoned, young = (tmp_path / "lists" / f"{name}.unfinished" for name in ("old", "young"))
    alone = tmp_path / "lists" / f"{large.pk}-1-1.csv.gz"
    for path, age in [(abandoned, 7200), (young, 0), (alone, 7200)]:
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    tidy_lists(now=timezone.now())
    assert len(files.all_lists()) == 1
    assert young.exists()
    assert not abandoned.exists()
    assert not alone.exists()


def test_a_failed_build_leaves_nothing_and_the_old_file_stays(
    large: Letter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built(large, ago=files.REBUILD_INTERVAL)
    before = files.all_lists()
    add_published(large, 1)

    def full(*args: object) -> bytes:
        raise OSError("No space left on device")

    monkeypatch.setattr(list_rows, "csv_from_database", full)
    with pytest.raises(OSError, match="No space"):
        built(large)
    assert files.all_lists() == before
    kept = [path.suffix for path in (tmp_path / "lists").iterdir() if path.stat().st_size]
    assert sorted(kept) == [".csv", ".gz"]
    assert not list((tmp_path / "lists").glob("*.unfinished"))


def test_while_a_list_is_written_no_other_worker_writes_it(large: Letter) -> None:
    """Each reader who waits asks for it again, and the older of two builds might finish last."""
    with files.building(large.pk) as first:
        built(large)
        assert (first, files.all_lists()) == (True, [])
        with files.building(large.pk + 1) as another:
            assert another
    built(large)
    assert len(files.all_lists()) == 1


def test_a_failed_build_does_not_prevent_the_next(large: Letter) -> None:
    with pytest.raises(OSError, match="No space"), files.building(large.pk):
        raise OSError("No space left on device")
    built(large)
    assert len(files.all_lists()) == 1


def test_nobody_else_on_the_machine_reads_it(large: Letter) -> None:
    built(large)
    (found,) = files.all_lists()
    for path in (found.path, files.compressed_of(found.path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_large_list_is_compressed_once_for_everyone(large: Letter, reader: Reader) -> None:
    built(large)
    plain = reader.client.get(CSV)
    assert "Content-Encoding" not in plain.headers
    compressed = reader.client.get(CSV, headers={"Accept-Encoding": "gzip, br"})
    assert (compressed["Content-Encoding"], compressed["Vary"]) == ("gzip", "Accept-Encoding")
    assert compressed["ETag"] == plain["ETag"]
    assert gzip.decompress(compressed.getvalue()) == plain.getvalue()
    refused = reader.client.get(CSV, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers
    refused.close()


def test_no_compressed_list_outlives_the_plain_one(large: Letter, tmp_path: Path) -> None:
    """It may hold a name that was withdrawn."""
    built(large, ago=files.REBUILD_INTERVAL)
    add_published(large, 1)
    built(large)
    assert len(list((tmp_path / "lists").glob("*.csv.gz"))) == 1
    Letter.objects.update(version=99)
    tidy_lists(now=timezone.now() + timedelta(days=1))
    assert not list((tmp_path / "lists").glob("*.csv*"))


@pytest.mark.parametrize("is_public", [True, False])
def test_the_file_hides_a_comment_whenever_the_page_does(letter: Letter, reader: Reader, is_public: bool) -> None:
    """The database writes the file, by a rule of its own."""
    Letter.objects.update(comments_public=is_public)
    for display in ("public", "organizers"):
        for comment_for in ("everyone", ""):
            for comment_hidden in (False, True):
                more: dict[str, Any] = {"comment_for": comment_for, "comment_hidden": comment_hidden}
                add_confirmed(letter, 1, display=display, comment="Because.", **more)
    publish(NOW)
    letter.refresh_from_db()
    shown = [signature.public_comment(letter) for signature in Signature.objects.order_by("number")]
    assert [row["comment"] for row in rows(reader.get(CSV))] == shown
    assert shown.count("Because.") == int(is_public)


@pytest.fixture(params=[True, False], ids=["large", "small"])
def one_list_an_hour(
    request: pytest.FixtureRequest, large: Letter, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list built in the background, and then one that is not, for a network that can download one list an hour."""
    monkeypatch.setattr(files, "LARGE_LIST", 2 if request.param else 100)
    settings.LIMIT_DOWNLOADS = parse("1/hour")
    built(large)


@pytest.mark.usefixtures("one_list_an_hour")
def test_a_network_that_downloads_many_lists_has_to_wait(reader: Reader) -> None:
    rows(reader.get(CSV))
    kept_pages().pages.clear()
    answer = reader.get(CSV)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 3000


@pytest.mark.usefixtures("one_list_an_hour")
def test_a_head_request_does_not_count_as_a_download(reader: Reader) -> None:
    for _ in range(3):
        answer = reader.client.head(CSV)
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert len(rows(reader.get(CSV))) == 3
    assert reader.get(CSV).status_code == 429


@pytest.mark.parametrize("is_large", [True, False])
def test_a_304_does_not_count_as_a_download(
    large: Letter, reader: Reader, settings: Settings, is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGE_LIST", 2 if is_large else 100)
    settings.LIMIT_DOWNLOADS = parse("2/hour")
    built(large)
    first = reader.get(CSV)
    rows(first)
    for _ in range(5):
        with CaptureQueriesContext(connection) as captured:
            again = reader.get(CSV, if_none_match=first["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert [query for query in captured if '"letters_signature"' in query["sql"]] == []
    # A second list can be downloaded, but not a third.
    rows(reader.get(CSV, if_none_match='W/"another"'))
    assert reader.get(CSV, if_none_match='W/"another"').status_code == 429
    assert reader.get(CSV, if_none_match=first["ETag"]).status_code == 304


def test_the_worker_knows_the_task(large: Letter) -> None:
    from letters.tasks import build_list, tidy_exports

    assert build_list.name == "letters.build_list"
    build_list(large.pk)
    assert len(files.all_lists()) == 1
    tidy_exports()
    assert len(files.all_lists()) == 1
