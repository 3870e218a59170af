"""The letter with its signatories as a PDF: who gets it, in which language, and what it contains."""

import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.test import Client
from django.utils import timezone

from letters.models import Export, Letter, Membership, Signature, User
from letters.organizer.exports import queries, tasks
from letters.organizer.exports.operations import LEASE, Wanted, advance_export, ask_export, claim_export, keep_part
from letters.organizer.exports.pdf import writing as pdf
from letters.organizer.exports.pdf.writing import Letterhead, Signatory
from letters.organizer.exports.tasks import make_exports
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from letters.shared.refused import Refused
from letters.shared.sandbox import Failed, Limits
from letters.signer.signing.operations import withdraw_signature
from tests.carry_over.conftest import change_text
from tests.conftest import LetterMaker
from tests.exports.stored import content_of
from tests.people import EN, NOW, Response, add_published, browser_of, publish, sign, sign_and_confirm, words

ASK = "/organize/letters/night-trains/exports/letter/"
PAGE = "/organize/letters/night-trains/handover/"


def paper(language: str = "") -> Wanted:
    return Wanted(Export.Kind.LETTER, Export.Format.PDF, language)


def made(letter: Letter, organizer: User, language: str = "") -> Export:
    export = ask_export(letter, wanted=paper(language), by=organizer, now=NOW)
    make_exports()
    export.refresh_from_db()
    assert export.finished_at, export.error
    return export


class Handed:
    """Record what is handed to the typesetter, which then typesets it."""

    head: Letterhead
    signatories: list[Signatory]
    pages: int


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> Handed:
    seen = Handed()

    def write(path: Path, head: Letterhead, signatories: Iterable[Signatory], **more: Any) -> int:
        seen.head, seen.signatories = head, list(signatories)
        seen.pages = pdf.write_pdf(path, head, seen.signatories, **more)
        return seen.pages

    monkeypatch.setattr(tasks, "write_pdf", write)
    return seen


def text_of(content: bytes) -> str:
    """Return its words, as another program reads them."""
    program = shutil.which("pdftotext")
    if not program:
        pytest.skip("this machine has no pdftotext (Debian: poppler-utils)")
    ran = subprocess.run([program, "-layout", "-", "-"], input=content, check=True, capture_output=True)
    return " ".join(ran.stdout.decode().split())


def download(desk: Client, export: Export) -> Response:
    return desk.post(f"/organize/letters/{export.letter.slug}/exports/{export.pk}/file/")


# From the button to the file


def test_an_organizer_builds_and_downloads_the_pdf(letter: Letter, desk: Client, tmp_path: Path) -> None:
    sign_and_confirm(letter, "ada@example.org", affiliation="Engines", role="Engineer", comment="Trains!")
    sign_and_confirm(letter, "grace@example.org", name="Grace Hopper", display="organizers", affiliation="Navy")
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody")
    publish(NOW)
    assert "Waiting." in words(desk.post(ASK, follow=True))
    make_exports()
    page = words(desk.get(PAGE))
    assert "Letter with signatories, PDF, English" in page
    assert "3 names. Kept until" in page
    export = Export.objects.get()
    answer = download(desk, export)
    assert answer["Content-Type"] == "application/pdf"
    name = f"night-trains-letter-en-{export.created_at:%Y-%m-%d}.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    (tmp_path / "letter.pdf").write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    with pikepdf.open(tmp_path / "letter.pdf") as document:
        assert len(document.pages) == 2
    read = text_of((tmp_path / "letter.pdf").read_bytes())
    for said in [EN.title, "What we ask", "Signed by 3 people", "Ada Lovelace, Engineer, Engines", "name withheld"]:
        assert said in read
    for unsaid in ["Grace", "Navy", "Trains!", "example.org"]:
        assert unsaid not in read


def test_nobody_else_on_the_machine_can_read_it_while_it_is_made(
    letter: Letter, organizer: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []

    def look(*part: Any) -> None:
        modes.extend(stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir())
        keep_part(*part)

    monkeypatch.setattr(tasks, "keep_part", look)
    made(letter, organizer)
    assert set(modes) == {0o600}


def test_a_pdf_requested_twice_is_built_once_for_each_language(letter: Letter, organizer: User) -> None:
    asked = [ask_export(letter, wanted=paper(code), by=organizer, now=NOW) for code in ["", "en", "it", "it"]]
    assert [export.language for export in asked] == ["en", "en", "it", "it"]
    assert Export.objects.count() == 2


def test_the_page_of_files_lists_the_pdf_and_links_to_the_page_that_builds_it(
    letter: Letter, organizer: User, desk: Client
) -> None:
    made(letter, organizer, "it")
    page = desk.get("/organize/letters/night-trains/exports/")
    assert "Letter with signatories, PDF, Italiano" in words(page)
    assert PAGE.encode() in page.content


# Authority


@pytest.mark.parametrize("part", ["moderator", "stranger"])
def test_people_who_may_not_write_get_no_pdf(
    letter: Letter, organizer: User, part: str, request: pytest.FixtureRequest
) -> None:
    export = made(letter, organizer)
    person = request.getfixturevalue(part)
    assert browser_of(person).post(ASK).status_code == 404
    assert download(browser_of(person), export).status_code == 404
    with pytest.raises(Refused, match="not_yours"):
        ask_export(letter, wanted=paper(), by=person, now=NOW)
    assert Export.objects.count() == 1


def test_an_editor_gets_the_pdf(letter: Letter, teammate: User) -> None:
    desk = browser_of(teammate)
    desk.post(ASK)
    make_exports()
    answer = download(desk, Export.objects.get())
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")  # type: ignore[attr-defined]


def test_a_member_who_left_gets_no_pdf(letter: Letter, organizer: User, teammate: User, desk: Client) -> None:
    ask_export(letter, wanted=paper(), by=teammate, now=NOW)
    Membership.objects.filter(user=teammate).delete()
    make_exports()
    assert Export.objects.get().error == "not_yours"
    assert (
        "We did not make this file, because the person who asked for it is not allowed to have it any more."
        in words(desk.get(PAGE))
    )


def test_opening_the_page_requests_no_file(letter: Letter, desk: Client) -> None:
    assert desk.get(ASK).status_code == 405
    assert not Export.objects.exists()


# Contents


def test_the_names_are_in_the_order_of_their_numbers_as_the_public_sees_them(
    letter: Letter, organizer: User, handed: Handed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "NUMBERS_BATCH_SIZE", 2)
    sign_and_confirm(letter, "ada@example.org", affiliation="Engines", role="Engineer")
    sign_and_confirm(letter, "grace@example.org", name="Grace Hopper", display="organizers", role="Admiral")
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody", affiliation="Nowhere")
    sign_and_confirm(letter, "gone@example.org", name="Gone")
    sign_and_confirm(letter, "maria@example.org", name="Maria", affiliation="Observatory")
    sign(letter, "pending@example.org", name="Pending")
    publish(NOW)
    withdraw_signature(Signature.objects.get(number=4), now=NOW)
    export = made(letter, organizer)
    assert handed.signatories == [
        Signatory(1, "Ada Lovelace", "Engineer, Engines"),
        Signatory(2, ""),
        Signatory(3, ""),
        Signatory(5, "Maria", "Observatory"),
    ]
    assert handed.head.signed_by == "Signed by 4 people"
    assert export.rows == 4


def test_the_small_print_gives_the_address_of_the_letter_and_the_text(
    letter: Letter, organizer: User, handed: Handed
) -> None:
    made(letter, organizer)
    where, which, when = handed.head.small_print
    assert where == "http://localhost:8000/letters/night-trains/"
    assert letter.current_revision
    fingerprint = letter.current_revision.translations.get(language="en").fingerprint
    assert which == f"SHA-256 of this text: {fingerprint}"
    assert when.startswith("Counted on ")
    assert (handed.head.dated, handed.head.collective) == ("March 3, 2025", "Friends of the Night Train")


def test_a_pdf_in_another_language_is_wholly_in_that_language(letter: Letter, desk: Client, handed: Handed) -> None:
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody")
    publish(NOW)
    desk.post(ASK, {"language": "it"})
    make_exports()
    head = handed.head
    assert (head.language, head.title) == ("it", "Lasciate correre i treni notturni")
    assert (head.dated, head.withheld) == ("3 marzo 2025", "nome non pubblicato")
    assert head.small_print[0].endswith("/it/letters/night-trains/")
    assert "nome non pubblicato" in text_of(content_of(Export.objects.get()))


@pytest.mark.parametrize("language", ["fr", "x" * 5000, "\0", "../it"])
def test_a_language_that_the_letter_does_not_have_is_refused(letter: Letter, desk: Client, language: str) -> None:
    page = desk.post(ASK, {"language": language}, follow=True)
    assert "The letter has not been published in this language. Select another one." in words(page)
    assert not Export.objects.exists()


def test_the_page_says_that_a_language_removed_before_its_turn_is_gone(
    letter: Letter, organizer: User, desk: Client, folder: Path
) -> None:
    ask_export(letter, wanted=paper("it"), by=organizer, now=NOW)
    Export.objects.update(language="fr")
    make_exports()
    assert "We did not make this file, because the letter is no longer in this language." in words(desk.get(PAGE))
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_letter_that_nobody_has_signed_can_be_typeset(letter: Letter, organizer: User, handed: Handed) -> None:
    export = made(letter, organizer)
    assert (export.rows, handed.pages, handed.signatories) == (0, 1, [])


def test_a_draft_is_not_typeset(draft: LetterMaker, organizer: User, desk: Client) -> None:
    letter = draft()
    with pytest.raises(Refused, match="no_such_language"):
        ask_export(letter, wanted=paper(), by=organizer, now=NOW)
    assert b"exports/letter/" not in desk.get(PAGE).content
    assert desk.post(ASK).status_code == 302
    assert not Export.objects.exists()


def test_nothing_in_a_name_is_a_command(letter: Letter, organizer: User) -> None:
    traps = ['#panic("no")', '"); panic("no"); ("', "$x$", "*bold*", "\\", "= heading", "@label", "<script>"]
    for place, trap in enumerate(traps):
        sign_and_confirm(letter, f"s{place}@example.org", name=trap, affiliation=trap)
    publish(NOW)
    read = text_of(content_of(made(letter, organizer)))
    assert '#panic("no")' in read
    assert "*bold*" in read


def test_a_right_to_left_letter_can_be_typeset(organizer: User, letter: Letter, handed: Handed) -> None:
    text = Text(language="fa", title="أبقوا قطارات الليل", addressee="إلى الوزراء", summary="", body="نطلب أن تبقى.")
    arabic = draft_letter(letter.collective, slug="layl", text=text, by=organizer, now=NOW)
    publish_letter(arabic, by=organizer, now=NOW)
    arabic.refresh_from_db()
    sign_and_confirm(arabic, "amin@example.org", name="محمد الأمين")
    publish(NOW)
    made(arabic, organizer)
    assert (handed.head.language, handed.pages) == ("fa", 2)
    # In a language that the site does not have, the other words are in the site's own.
    assert handed.head.signed_by == "Signed by 1 person"


@pytest.mark.parametrize("file_format", [Export.Format.CSV, Export.Format.XLSX])
def test_the_pdf_is_not_offered_as_a_table(letter: Letter, organizer: User, file_format: Export.Format) -> None:
    with pytest.raises(Refused, match="no_such_format"):
        ask_export(letter, wanted=Wanted(Export.Kind.LETTER, file_format), by=organizer, now=NOW)


def test_signatures_are_not_offered_as_a_pdf(letter: Letter, organizer: User, desk: Client) -> None:
    with pytest.raises(Refused, match="no_such_format"):
        ask_export(letter, wanted=Wanted(Export.Kind.SIGNATURES, Export.Format.PDF), by=organizer, now=NOW)
    assert desk.post("/organize/letters/night-trains/exports/", {"format": "pdf"}).status_code == 422


# Which text they signed


def test_nobody_is_said_to_have_signed_a_text_that_they_have_not_seen(
    letter: Letter, organizer: User, handed: Handed
) -> None:
    sign_and_confirm(letter, "ada@example.org", affiliation="Engines")
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody")
    change_text(letter)
    sign_and_confirm(letter, "grace@example.org", name="Grace Hopper")
    publish(NOW)
    for language, heading, mark in [
        ("en", "1 person signed this text. 2 people signed an earlier text.", "signed the first text"),
        ("it", "1 persona ha firmato questo testo. 2 persone hanno firmato un testo precedente.", None),
    ]:
        export = made(letter, organizer, language)
        assert handed.head.signed_by == heading
        noted = [each.detail for each in handed.signatories]
        assert noted[2] == ""
        assert noted[0] == f"Engines, {noted[1]}"
        assert noted[1] == (mark or noted[1])
        assert noted[1]
        assert heading in text_of(content_of(export))


def test_people_who_signed_before_a_correction_are_counted_and_marked(
    letter: Letter, organizer: User, handed: Handed
) -> None:
    sign_and_confirm(letter, "ada@example.org")
    change_text(letter, kind="correction", body=EN.body.replace("Four", "The four"))
    sign_and_confirm(letter, "grace@example.org", name="Grace Hopper")
    publish(NOW)
    made(letter, organizer)
    assert handed.head.signed_by == "Signed by 2 people"
    said = "1 person signed before the text was corrected. A note beside the name says so."
    assert handed.head.small_print[-1] == said
    assert [each.detail for each in handed.signatories] == ["signed before a correction", ""]


# Progress


def test_the_page_says_how_many_names_are_typeset(
    letter: Letter, organizer: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "NAMES_A_PART", 2)
    add_published(letter, 5)
    told: list[int] = []

    def look(export: Export, **values: Any) -> None:
        advance_export(export, **values)
        told.append(Export.objects.get().rows)
        assert f"{told[-1]} names so far." in words(desk.get(PAGE))
        assert b"data-under-way" in desk.get(PAGE).content

    monkeypatch.setattr(tasks, "advance_export", look)
    made(letter, organizer)
    assert told == [2, 4, 5]


def test_a_worker_stops_when_another_has_taken_over(
    letter: Letter, organizer: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_published(letter, 1)
    ask_export(letter, wanted=paper(), by=organizer, now=NOW)

    def late(export: Export, **values: Any) -> None:
        claim_export(now=timezone.now() + LEASE)
        advance_export(export, **values)

    monkeypatch.setattr(tasks, "advance_export", late)
    make_exports()
    export = Export.objects.get()
    assert (export.attempts, export.finished_at) == (2, None)
    assert list(folder.iterdir()) == []


def test_the_page_runs_the_same_queries_however_many_have_signed(
    letter: Letter, organizer: User, desk: Client, django_assert_max_num_queries: Any
) -> None:
    made(letter, organizer)
    add_published(letter, 20)
    made(letter, organizer)
    with django_assert_max_num_queries(16):
        desk.get(PAGE)


# Texts that cannot be typeset


@pytest.mark.parametrize(
    ("code", "error", "sentence"),
    [
        ("too_much", "too_complicated", "We could not make this file: the text is too complicated."),
        ("broken", "not_settable", "We could not make this file, because part of the text does not fit on a page"),
    ],
)
def test_a_text_that_cannot_be_typeset_fails_at_once_and_says_why(
    letter: Letter,
    organizer: User,
    desk: Client,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    code: str,
    error: str,
    sentence: str,
) -> None:
    def write(path: Path, *_: object, **__: object) -> int:
        raise Failed(code)

    monkeypatch.setattr(tasks, "write_pdf", write)
    export = ask_export(letter, wanted=paper(), by=organizer, now=NOW)
    make_exports()
    export.refresh_from_db()
    assert (export.error, export.attempts, bool(export.failed_at)) == (error, 1, True)
    assert list(folder.iterdir()) == []
    assert sentence in words(desk.get(PAGE))


def test_a_text_that_takes_too_much_memory_ends_its_own_process_and_no_other(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "LIMITS", Limits(memory=12 * 1024**2, seconds=60))
    export = ask_export(letter, wanted=paper(), by=organizer, now=NOW)
    make_exports()
    export.refresh_from_db()
    # When memory runs out, a library may fail before it asks for more.
    assert export.error in {"too_complicated", "not_settable"}
    assert (export.attempts, bool(export.failed_at)) == (1, True)


def test_a_busy_machine_is_no_reason_to_give_up(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: object, **__: object) -> int:
        raise Failed("too_slow")

    monkeypatch.setattr(tasks, "write_pdf", write)
    export = ask_export(letter, wanted=paper(), by=organizer, now=NOW)
    make_exports()
    export.refresh_from_db()
    assert (export.attempts, export.failed_at, export.finished_at) == (1, None, None)
