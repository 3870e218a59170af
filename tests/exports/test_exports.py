"""Files that organizers request: who may, what they contain, and what happens after a failure."""

import csv
import io
import stat
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from letters.models import AuditEvent, Export, ExportPart, Letter, Membership, Signature, User
from letters.organizer.exports import files, operations, queries, tasks
from letters.organizer.exports.operations import (
    LEASE,
    PAUSE,
    TakenOver,
    Wanted,
    advance_export,
    ask_export,
    claim_export,
    fail_export,
    fetch_export,
    finish_export,
    keep_part,
)
from letters.organizer.exports.tasks import make_exports, tidy_exports
from letters.shared.refused import Refused
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.exports.stored import content_of
from tests.people import NOW, Response, add_published, browser_of, in_threads, publish, sign, sign_and_confirm, words

PAGE = "/organize/letters/night-trains/exports/"
CSV = Wanted(Export.Kind.SIGNATURES, Export.Format.CSV)
XLSX = Wanted(Export.Kind.SIGNATURES, Export.Format.XLSX)


def content(answer: Response) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def rows(answer: Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(content(answer).decode("utf-8-sig"), newline="")))


def download(desk: Client, export: Export) -> Response:
    return desk.post(f"{PAGE}{export.pk}/file/")


def made(letter: Letter, organizer: User, wanted: Wanted = CSV) -> Export:
    export = ask_export(letter, wanted=wanted, by=organizer, now=NOW)
    make_exports()
    export.refresh_from_db()
    assert export.finished_at, export.error
    return export


# Authority and limits


def test_nobody_can_fill_the_disk_with_files(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MAX_A_DAY", 2)
    for _ in range(2):
        made(letter, organizer)
    with pytest.raises(Refused, match="too_many_today"):
        ask_export(letter, wanted=XLSX, by=organizer, now=NOW)
    Export.objects.update(created_at=timezone.now())
    answer = desk.post(PAGE, {"format": "csv"})
    assert answer.status_code == 422
    assert "Twenty files of this letter were made within a day," in words(answer)
    assert Export.objects.count() == 2
    # Tomorrow more are allowed.
    ask_export(letter, wanted=CSV, by=organizer, now=timezone.now() + timedelta(days=1, seconds=1))


def test_a_file_in_progress_is_offered_again_even_above_the_limit(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MAX_A_DAY", 1)
    asked = [ask_export(letter, wanted=CSV, by=organizer, now=NOW) for _ in range(2)]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("part", ["moderator", "stranger"])
def test_people_who_may_not_write_get_a_404(
    letter: Letter, organizer: User, part: str, request: pytest.FixtureRequest
) -> None:
    export = made(letter, organizer)
    person = browser_of(request.getfixturevalue(part))
    assert person.get(PAGE).status_code == 404
    assert person.post(PAGE, {"format": "csv"}).status_code == 404
    assert download(person, export).status_code == 404
    assert Export.objects.count() == 1


@pytest.mark.parametrize("part", ["moderator", "stranger"])
def test_the_operation_itself_refuses_them(letter: Letter, part: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(Refused, match="not_yours"):
        ask_export(letter, wanted=CSV, by=request.getfixturevalue(part), now=NOW)


def test_one_member_requests_a_file_and_another_downloads_it(letter: Letter, desk: Client, teammate: User) -> None:
    add_published(letter, 2)
    assert browser_of(teammate).post(PAGE, {"format": "csv"}).status_code == 302
    make_exports()
    assert [row["name"] for row in rows(download(desk, Export.objects.get()))] == ["Signer 1", "Signer 2"]


def test_a_former_member_gets_no_file(letter: Letter, teammate: User, desk: Client) -> None:
    export = ask_export(letter, wanted=CSV, by=teammate, now=NOW)
    Membership.objects.filter(user=teammate).delete()
    make_exports()
    export.refresh_from_db()
    assert (export.failed_at is not None, export.error) == (True, "not_yours")
    assert (
        "We did not make this file, because the person who asked for it is not allowed to have it any more."
        in words(desk.get(PAGE))
    )


def test_a_member_removed_after_a_file_was_built_cannot_download_it(letter: Letter, teammate: User) -> None:
    export = made(letter, teammate)
    browser = browser_of(teammate)
    Membership.objects.filter(user=teammate).delete()
    assert download(browser, export).status_code == 404
    with pytest.raises(Refused, match="not_yours"):
        fetch_export(export, by=teammate, now=timezone.now())


def test_a_file_of_another_letter_is_not_found(letter: Letter, organizer: User, published: LetterMaker) -> None:
    export = made(published(slug="sleeping-cars"), organizer)
    assert download(browser_of(organizer), export).status_code == 404


def test_opening_the_page_of_a_download_downloads_nothing(letter: Letter, organizer: User, desk: Client) -> None:
    export = made(letter, organizer)
    assert desk.get(f"{PAGE}{export.pk}/file/").status_code == 405


# Requesting


def test_both_clicks_of_a_double_click_make_one_file(letter: Letter, desk: Client) -> None:
    for _ in range(2):
        assert desk.post(PAGE, {"format": "csv"}).status_code == 302
    assert Export.objects.count() == 1
    assert AuditEvent.objects.filter(verb="ask_export").count() == 1
    make_exports()
    desk.post(PAGE, {"format": "csv"})
    assert Export.objects.count() == 2


@pytest.mark.parametrize("fields", [{}, {"format": ""}, {"format": "pdf"}, {"format": "csv\0"}])
def test_an_unknown_kind_of_file_gets_a_sentence(letter: Letter, desk: Client, fields: dict[str, str]) -> None:
    page = desk.post(PAGE, fields)
    assert page.status_code == 422
    assert 'id="problems"' in page.content.decode()
    assert not Export.objects.exists()


def test_the_page_shows_the_progress_of_a_file(letter: Letter, organizer: User, desk: Client) -> None:
    add_published(letter, 4)
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    assert "Waiting." in words(desk.get(PAGE))
    export = claim_export(now=timezone.now())
    assert export
    advance_export(export, reached=2, rows=2, now=timezone.now())
    page = desk.get(PAGE)
    assert "2 rows so far." in words(page)
    assert b'max="100" value="50"' in page.content
    assert b"data-under-way" in page.content


def test_a_finished_file_shows_its_rows_and_when_it_expires(letter: Letter, organizer: User, desk: Client) -> None:
    add_published(letter, 2)
    made(letter, organizer)
    page = words(desk.get(PAGE))
    assert "2 rows. Kept until" in page
    assert "Download" in page


# Contents


def test_it_shows_what_organizers_may_see_and_no_address(letter: Letter, organizer: User, desk: Client) -> None:
    sign_and_confirm(
        letter,
        "ada@example.org",
        display="organizers",
        affiliation="Engines",
        role="Engineer",
        country="GB",
        comment='Says: "why", not;',
    )
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody", country="IT", domain="example.net")
    sign(letter, "pending@example.org", name="Pending")
    publish(NOW)
    add_published(letter, 1)
    withdraw_signature(Signature.objects.get(number=3), now=NOW)
    text = content(download(desk, made(letter, organizer)))
    assert text.startswith(b"\xef\xbb\xbf")
    assert b"example.org" not in text
    assert b"Pending" not in text
    first, second = csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))
    assert first == {
        "number": "1",
        "name": "Ada Lovelace",
        "display": "organizers",
        "affiliation": "Engines",
        "role": "Engineer",
        "country": "GB",
        "comment": 'Says: "why", not;',
        "comment_is_public": "no",
        "confirmed_domain": "",
        "language": "en",
        "text": "1",
        "before_translations": "",
        "signed_text": "current",
        "carried_over": "",
        **dict.fromkeys(["signed_on", "confirmed_on", "published_on"], "2025-03-03"),
    }
    assert {name: value for name, value in second.items() if value} == {
        "number": "2",
        "display": "nobody",
        "text": "1",
        "signed_text": "current",
    }


def test_it_says_which_comments_are_public(letter: Letter, organizer: User, desk: Client) -> None:
    Letter.objects.update(comments_public=True)
    letter.refresh_from_db()
    for place in range(4):
        sign_and_confirm(letter, f"s{place}@example.org", name=f"Signer {'abcd'[place]}", comment="For us")
    publish(NOW)
    signatures = Signature.objects.order_by("number")
    signatures.filter(number__in=[1, 2]).update(comment_for="everyone")
    signatures.filter(number=2).update(comment_hidden=True)
    signatures.filter(number=3).update(comment="", comment_for="")
    signatures.filter(number=4).update(comment_for="")
    shown = [each.public_comment(letter) != "" for each in signatures.order_by("number")]
    found = [row["comment_is_public"] for row in rows(download(desk, made(letter, organizer)))]
    assert found == ["yes", "no", "", "no"]
    assert shown == [each == "yes" for each in found]


def test_no_name_becomes_a_formula(letter: Letter, organizer: User, desk: Client) -> None:
    for place, name in enumerate(['=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "Ada"]):
        sign_and_confirm(letter, f"s{place}@example.org", name=name)
    publish(NOW)
    found = [row["name"] for row in rows(download(desk, made(letter, organizer)))]
    assert found == ['\'=HYPERLINK("http://x")', "'+1", "'-1", "'@SUM(1)", "Ada"]
    answer = download(desk, made(letter, organizer, XLSX))
    with zipfile.ZipFile(io.BytesIO(content(answer))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "=HYPERLINK(" in sheet


def test_rows_that_do_not_fit_go_to_more_sheets(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_A_SHEET", 4)
    add_published(letter, 7)
    answer = download(desk, made(letter, organizer, XLSX))
    with zipfile.ZipFile(io.BytesIO(content(answer))) as book:
        sheets = {name: book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")}
    assert len(sheets) == 3
    assert [text.count("<row ") for text in sheets.values()] == [4, 4, 2]
    assert all("published_on" in text for text in sheets.values())


def test_a_letter_without_signatures_makes_a_file_with_a_heading(letter: Letter, organizer: User, desk: Client) -> None:
    assert rows(download(desk, made(letter, organizer))) == []
    with zipfile.ZipFile(io.BytesIO(content(download(desk, made(letter, organizer, XLSX))))) as book:
        assert "confirmed_on" in book.read("xl/worksheets/sheet1.xml").decode()


def test_signatures_are_read_in_batches(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "NUMBERS_BATCH_SIZE", 3)
    add_published(letter, 8)
    Signature.objects.filter(number__in=[4, 5, 6]).update(state="rejected")
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    with CaptureQueriesContext(connection) as captured:
        make_exports()
    batches = [query["sql"] for query in captured if '"letters_signature"."number" >' in query["sql"]]
    # Each batch is one query, after another that asks whether some words are encrypted.
    assert len([sql for sql in batches if not sql.startswith('SELECT 1 AS "a"')]) == 3
    assert len(batches) == 6
    assert [row["number"] for row in rows(download(desk, Export.objects.get()))] == ["1", "2", "3", "7", "8"]


def test_no_cache_keeps_a_downloaded_file(letter: Letter, organizer: User, desk: Client) -> None:
    export = made(letter, organizer)
    answer = download(desk, export)
    assert answer["Content-Disposition"] == 'attachment; filename="night-trains-signatures-2025-03-03.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    content(answer)


@pytest.mark.parametrize("wanted", [CSV, XLSX])
def test_nobody_else_on_the_machine_can_read_it_while_it_is_made(
    letter: Letter, organizer: User, wanted: Wanted, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def look(name: str, length: int) -> Iterator[bytes]:
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / name))
        return parts_of(name, length)

    parts_of = files.parts_of
    monkeypatch.setattr(files, "parts_of", look)
    made(letter, organizer, wanted)
    assert seen == [0o700, 0o600]


def test_a_copy_of_the_database_does_not_tell_the_names_in_a_file(letter: Letter, organizer: User) -> None:
    add_published(letter, 2)
    export = made(letter, organizer)
    assert b"Signer 1" in content_of(export)
    stored = b"".join(bytes(part) for part in ExportPart.objects.values_list("content", flat=True))
    assert len(stored) >= len(content_of(export))
    for told in (b"Signer", b"number,name"):
        assert told not in stored


def test_a_file_whose_key_was_removed_is_gone(letter: Letter, organizer: User, settings: Settings) -> None:
    export = made(letter, organizer)
    settings.ADDRESS_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Refused, match="no_file"):
        fetch_export(export, by=organizer, now=NOW)
    assert not AuditEvent.objects.filter(verb="download_export").exists()


@pytest.mark.parametrize("length", [1, 7, 256 * 1024])
def test_every_web_server_sends_the_file_of_the_worker_from_the_database(
    letter: Letter, organizer: User, folder: Path, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_published(letter, 3)
    monkeypatch.setattr(queries, "PART_BYTES", length)
    export = made(letter, organizer)
    assert list(folder.iterdir()) == []
    answer = download(browser_of(organizer), export)
    size = int(answer["Content-Length"])
    assert ExportPart.objects.filter(export=export).count() == -(-size // length)
    sent = content(answer)
    assert len(sent) == size
    assert [row["name"] for row in csv.DictReader(io.StringIO(sent.decode("utf-8-sig")))] == [
        f"Signer {number}" for number in (1, 2, 3)
    ]


def test_a_large_file_is_read_part_by_part(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a few downloads at a time would take the memory of the web server."""
    add_published(letter, 3)
    monkeypatch.setattr(queries, "PART_BYTES", 16)
    answer = download(desk, made(letter, organizer))
    parts = iter(answer.streaming_content)  # type: ignore[attr-defined]
    assert len(next(parts)) == 16
    with CaptureQueriesContext(connection) as captured:
        assert len(next(parts)) == 16
    assert len([query for query in captured if "letters_exportpart" in query["sql"]]) == 1


def test_a_download_of_a_file_that_expires_meanwhile_does_not_look_complete(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_published(letter, 3)
    monkeypatch.setattr(queries, "PART_BYTES", 16)
    export = made(letter, organizer)
    answer = download(desk, export)
    parts = iter(answer.streaming_content)  # type: ignore[attr-defined]
    next(parts)
    assert export.expires_at
    tidy_exports(now=export.expires_at)
    with pytest.raises(ExportPart.DoesNotExist):
        next(parts)


def test_parts_of_a_replaced_worker_are_neither_sent_nor_kept(letter: Letter, organizer: User, desk: Client) -> None:
    add_published(letter, 2)
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    dead = claim_export(now=NOW)
    assert dead
    keep_part(dead, 0, b"of the dead")
    make_exports()
    keep_part(dead, 1, b"of the dead")
    export = Export.objects.get()
    assert b"of the dead" not in content_of(export)
    assert len(rows(download(desk, export))) == 2
    tidy_exports(now=NOW)
    assert set(ExportPart.objects.values_list("attempt", flat=True)) == {2}


def test_a_replaced_worker_stops_while_it_stores_a_large_file(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over(export: Export, place: int, content: bytes) -> None:
        keep_part(export, place, content)
        Export.objects.update(attempts=2)

    monkeypatch.setattr(queries, "PART_BYTES", 16)
    monkeypatch.setattr(tasks, "PARTS_A_STEP", 1)
    monkeypatch.setattr(tasks, "keep_part", taken_over)
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    make_exports()
    assert ExportPart.objects.count() == 1
    assert not Export.objects.get().finished_at


def test_parts_of_a_file_in_progress_stay_and_those_of_a_failed_one_go(letter: Letter, organizer: User) -> None:
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    export = claim_export(now=NOW)
    assert export
    keep_part(export, 0, b"begun")
    tidy_exports(now=NOW)
    assert ExportPart.objects.count() == 1
    fail_export(export, error="not_yours", now=NOW)
    tidy_exports(now=NOW)
    assert not ExportPart.objects.exists()


def test_every_step_is_recorded(letter: Letter, organizer: User, desk: Client) -> None:
    add_published(letter, 2)
    export = made(letter, organizer)
    content(download(desk, export))
    events = AuditEvent.objects.filter(object_kind="letter", object_id=letter.pk, verb__endswith="_export")
    assert list(events.order_by("pk").values_list("verb", "actor", "details__rows")) == [
        ("ask_export", organizer.pk, None),
        ("make_export", organizer.pk, 2),
        ("download_export", organizer.pk, 2),
    ]


# Failures


def test_another_worker_takes_over_a_killed_one_which_then_stops(letter: Letter, organizer: User, desk: Client) -> None:
    add_published(letter, 2)
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    dead = claim_export(now=NOW)
    assert dead
    assert claim_export(now=NOW + LEASE / 2) is None
    make_exports()
    export = Export.objects.get()
    assert (export.attempts, export.rows) == (2, 2)
    with pytest.raises(TakenOver):
        advance_export(dead, reached=1, rows=1, now=NOW)
    with pytest.raises(TakenOver):
        finish_export(dead, file_name="another", rows=1, now=NOW)
    assert len(rows(download(desk, export))) == 2


@pytest.mark.django_db(transaction=True)
def test_one_of_many_workers_takes_a_file(letter: Letter, organizer: User) -> None:
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    claims = in_threads(lambda _: claim_export(now=NOW), range(8), threads=8)
    assert len([claim for claim in claims if claim]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_that_many_request_at_once_is_built_once(letter: Letter, organizer: User) -> None:
    asked = in_threads(lambda _: ask_export(letter, wanted=CSV, by=organizer, now=NOW).pk, range(8), threads=8)
    assert len(set(asked)) == 1
    assert AuditEvent.objects.filter(verb="ask_export").count() == 1


def test_a_worker_that_makes_progress_is_not_taken_over(letter: Letter, organizer: User) -> None:
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    export = claim_export(now=NOW)
    assert export
    advance_export(export, reached=0, rows=0, now=NOW + LEASE)
    assert claim_export(now=NOW + LEASE + LEASE / 2) is None


def test_a_failing_file_is_tried_again_and_given_up_in_the_end(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch, folder: Path, desk: Client
) -> None:
    def full(*args: object) -> None:
        raise OSError("No space left on device")

    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    monkeypatch.setattr(queries, "chunks", full)
    for tries in range(1, operations.MAX_ATTEMPTS + 1):
        before = timezone.now()
        make_exports()
        export = Export.objects.get()
        assert (export.attempts, export.error, export.failed_at) == (tries, "OSError", None)
        assert export.next_attempt_at >= before + PAUSE
        Export.objects.update(next_attempt_at=NOW)
    make_exports()
    assert Export.objects.get().error == "gave_up"
    assert list(folder.iterdir()) == []
    assert "We could not make this file. Ask for it again." in words(desk.get(PAGE))


def test_a_failing_file_keeps_no_other_waiting(
    letter: Letter, organizer: User, published: LetterMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    good = ask_export(published(slug="sleeping-cars"), wanted=CSV, by=organizer, now=NOW + timedelta(seconds=1))
    write = tasks._write

    def fails_once(export: Export, name: str) -> int:
        if export.pk == bad.pk:
            raise OSError
        return write(export, name)

    monkeypatch.setattr(tasks, "_write", fails_once)
    make_exports()
    good.refresh_from_db()
    assert good.finished_at


def test_a_file_is_deleted_when_it_expires(letter: Letter, organizer: User, desk: Client) -> None:
    export = made(letter, organizer)
    assert export.expires_at
    with pytest.raises(Refused, match="no_file"):
        fetch_export(export, by=organizer, now=export.expires_at)
    tidy_exports(now=export.expires_at - timedelta(seconds=1))
    assert content_of(export)
    tidy_exports(now=export.expires_at)
    assert not ExportPart.objects.exists()
    answer = desk.post(f"{PAGE}{export.pk}/file/", follow=True)
    assert "We no longer have this file. Ask for it again." in words(answer)
    assert "The file has been deleted." in words(answer)
    assert not AuditEvent.objects.filter(verb="download_export").exists()


def test_leftovers_of_killed_workers_are_deleted_and_files_in_progress_are_not(
    letter: Letter, organizer: User, folder: Path
) -> None:
    folder.mkdir()
    export = ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    for name in (f"{export.pk}-1.csv", "999999-1.csv", "tmpabc"):
        (folder / name).write_text("x")
    tidy_exports(now=NOW)
    assert {path.name for path in folder.iterdir()} == {f"{export.pk}-1.csv", "tmpabc"}
    make_exports()
    tidy_exports(now=NOW)
    assert list(folder.iterdir()) == []


def test_files_that_an_earlier_release_kept_on_the_disk_are_deleted(
    letter: Letter, organizer: User, folder: Path
) -> None:
    export = made(letter, organizer)
    (folder / export.file_name).write_text("Ada Lovelace")
    make_exports()
    assert list(folder.iterdir()) == []


def test_the_page_says_that_a_file_deleted_by_hand_is_gone(letter: Letter, organizer: User, desk: Client) -> None:
    export = made(letter, organizer)
    export.parts.all().delete()
    answer = desk.post(f"{PAGE}{export.pk}/file/", follow=True)
    assert "We no longer have this file." in words(answer)


def test_the_worker_knows_the_task_and_the_clock_starts_it(letter: Letter, organizer: User) -> None:
    from letters.schedule import SCHEDULE
    from letters.tasks import export, tidy_exports
    from petition.local import QUEUES

    entries = {str(entry["task"]): entry["options"] for entry in SCHEDULE.values()}
    for task in (export, tidy_exports):
        assert entries[task.name]["queue"] == "exports"  # type: ignore[index]
    assert "exports" in QUEUES.split(",")
    ask_export(letter, wanted=CSV, by=organizer, now=NOW)
    export()
    assert Export.objects.get().finished_at
