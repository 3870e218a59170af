import shutil
import socket
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import typst
from PIL import Image

from letters.organizer.exports.pdf import writing as pdf
from letters.organizer.exports.pdf.writing import Letterhead, Signatory, write_pdf
from tests.people import NOW

HEAD = Letterhead(
    language="en",
    title="Keep the night trains running",
    addressee="To the ministers of transport",
    collective="Friends of the Night Train",
    body="## What we ask\n\nFour *sleeper* lines are to end in December.\n",
    dated="March 3, 2025",
    signed_by="Signed by 3 people",
    small_print=("https://undersigned.example/letters/night-trains/",),
    withheld="name withheld",
    made_at=NOW,
)
SCRIPTS = {
    "Arabic": "محمد الأمين",
    "Devanagari": "अनिल कुमार",
    "Thai": "สมชาย ใจดี",
    "Han": "王小明",
    "Hangul": "김철수",
    "Georgian": "ქეთევან",
}


def signatories(number: int) -> list[Signatory]:
    return [Signatory(place, f"Signer {place}") for place in range(1, number + 1)]


def typefaces(path: Path) -> set[str]:
    """Return the names of all fonts in the document."""
    with pikepdf.open(path) as made:
        fonts = [font for page in made.pages for font in page.resources.get("/Font", {}).values()]
        return {str(font.BaseFont).split("+")[-1] for font in fonts}


def test_a_letter_that_nobody_has_signed_can_be_typeset(tmp_path: Path) -> None:
    assert write_pdf(tmp_path / "letter.pdf", HEAD, []) == 1


def test_the_names_follow_the_letter_on_pages_of_their_own(tmp_path: Path) -> None:
    assert write_pdf(tmp_path / "letter.pdf", HEAD, signatories(3)) == 2


def test_many_names_are_typeset_in_parts_and_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "NAMES_A_PART", 100)
    told: list[int] = []
    pages = write_pdf(tmp_path / "letter.pdf", HEAD, iter(signatories(250)), progress=told.append)
    assert told == [100, 200, 250]
    with pikepdf.open(tmp_path / "letter.pdf") as made:
        assert len(made.pages) == pages


def test_names_that_fill_their_parts_exactly_leave_no_empty_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "NAMES_A_PART", 100)
    told: list[int] = []
    write_pdf(tmp_path / "letter.pdf", HEAD, signatories(200), progress=told.append)
    assert told == [100, 200]


def test_a_document_of_one_part_can_be_read_aloud(tmp_path: Path) -> None:
    write_pdf(tmp_path / "letter.pdf", HEAD, signatories(3))
    with pikepdf.open(tmp_path / "letter.pdf") as made:
        assert made.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in made.Root
        assert str(made.Root.Lang) == "en"
        assert str(made.docinfo["/Title"]) == HEAD.title


@pytest.mark.parametrize("script", SCRIPTS)
def test_names_in_other_scripts_use_a_font_that_has_them(tmp_path: Path, script: str) -> None:
    if not any(family.startswith("Noto") for family in typst.Fonts().families()):
        pytest.skip("this machine has no Noto fonts (Debian: fonts-noto-core, fonts-noto-cjk)")
    write_pdf(tmp_path / "latin.pdf", HEAD, [Signatory(1, "Ada Lovelace")])
    write_pdf(tmp_path / "other.pdf", HEAD, [Signatory(1, SCRIPTS[script])])
    assert typefaces(tmp_path / "other.pdf") - typefaces(tmp_path / "latin.pdf")


@pytest.mark.parametrize("language", ["ar", "pt-BR", "zh-Hant", "de"])
def test_a_letter_in_any_language_can_be_typeset(tmp_path: Path, language: str) -> None:
    assert write_pdf(tmp_path / "letter.pdf", replace(HEAD, language=language), signatories(2)) == 2


def test_nothing_in_a_name_is_a_command(tmp_path: Path) -> None:
    traps = ['#panic("no")', '"); panic("no"); ("', "$x$", "*bold*", "\\", "\x00"]
    head = replace(HEAD, title=traps[0], addressee=traps[1], collective=traps[2], small_print=(traps[3], traps[4]))
    names = [Signatory(place, trap, trap) for place, trap in enumerate(traps, 1)]
    assert write_pdf(tmp_path / "letter.pdf", head, names) == 2


# Appearance and links

PICTURE = f"/media/{'0' * 32}-40x20.webp"


def webp() -> bytes:
    picture = BytesIO()
    Image.new("RGB", (40, 20), "teal").save(picture, "WEBP")
    return picture.getvalue()


def pictures_of(path: Path) -> int:
    with pikepdf.open(path) as made:
        return sum(len(page.get_images()) for page in made.pages)


def words_of(path: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("this machine has no pdftotext (Debian: poppler-utils)")
    return subprocess.run(["pdftotext", "-raw", path, "-"], check=True, capture_output=True).stdout.decode()


def test_the_letters_own_picture_is_in_the_pdf(tmp_path: Path) -> None:
    body = f"![A night train]({PICTURE})"
    write_pdf(tmp_path / "letter.pdf", replace(HEAD, body=body, pictures={PICTURE: webp()}), [])
    assert pictures_of(tmp_path / "letter.pdf") == 1
    assert "A night train" in words_of(tmp_path / "letter.pdf")


def test_the_picture_above_the_letter_is_above_it_on_paper(tmp_path: Path) -> None:
    """People sign it with the text."""
    head = replace(HEAD, pictures={PICTURE: webp()}, cover=(PICTURE, "A red train"))
    write_pdf(tmp_path / "letter.pdf", head, [])
    assert pictures_of(tmp_path / "letter.pdf") == 1


@pytest.mark.parametrize("inside", ["", "Before. "])
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/tracker.webp",
        "//127.0.0.1:{port}/tracker.webp",
        "file:///etc/hostname",
        "part.typ",
        "picture-0.webp",
        f"/media/{'1' * 32}-40x20.webp",
    ],
)
def test_any_other_picture_becomes_its_description_and_is_never_fetched(
    tmp_path: Path, address: str, inside: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = address.format(port=server.getsockname()[1])
        body = f"{inside}![A tracker of theirs]({target})"
        write_pdf(tmp_path / "letter.pdf", replace(HEAD, body=body, pictures={PICTURE: webp()}), [])
        assert "A tracker of theirs" in words_of(tmp_path / "letter.pdf")
        assert pictures_of(tmp_path / "letter.pdf") == 0
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    "body",
    [
        "👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇪🇺1️⃣❤️" * 20,
        "# " + "🚂" * 300,
        "x" * 20_000,
        "ä" * 5000 + " " + "Ж" * 5000,
        "م" * 5000,
        "| a | b |\n|---|---|\n| " + "y" * 3000 + " | 🌙 |",
        f"[{'z' * 3000}](https://example.org/{'z' * 1900})",
    ],
)
def test_neither_emoji_nor_endless_words_make_the_pdf_fail(tmp_path: Path, body: str) -> None:
    assert write_pdf(tmp_path / "letter.pdf", replace(HEAD, body=body), []) >= 1
