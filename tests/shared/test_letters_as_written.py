"""Letters as people write and paste them: page, preview, mail, feed and PDF say the same, in the same order."""

import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image

from letters.models import Letter, User
from letters.organizing.operations import draft_letter, publish_letter
from letters.shared import pdf
from letters.shared.limited import Child, Limits, child
from letters.shared.markdown import render_markdown
from letters.shared.pdf import write_pdf
from tests.conftest import LetterMaker
from tests.outlines import Outline, outline_of
from tests.people import EN, Reader, browser_of
from tests.shared.test_pdf import HEAD

FOLDER = Path(__file__).parent.parent / "letters_as_written"
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))
PICTURE = f"/media/{'0' * 32}-1200x600.webp"
# Whose letters stand in the file of a PDF in another order, or taken apart.
SHAPED = {"arabic", "hebrew", "hindi", "persian", "thai"}
# What is drawn as nothing, or left out where the machine has no face for it; and where a line may have been broken.
LEFT_OUT = re.compile("[\\s\u00ad\u200b-\u200d\u2066-\u2069\ufe0e\ufe0f\U0001f000-\U0001faff-]")


def written(name: str) -> str:
    # Byte by byte: some of them have the line ends of Windows.
    return (FOLDER / f"{name}.md").read_bytes().decode().replace("PICTURE", PICTURE)


def expected(name: str) -> list[str]:
    return (FOLDER / f"{name}.txt").read_text().splitlines()


def plain(text: str) -> str:
    return LEFT_OUT.sub("", unicodedata.normalize("NFKC", text))


def test_there_are_fifty_of_them() -> None:
    assert len(NAMES) >= 50


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_is_shown_as_it_was_meant(name: str) -> None:
    assert outline_of(render_markdown(written(name))) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_of_the_signs(name: str) -> None:
    if name in {"escaped", "emphasis", "stars_in_words", "code"}:
        return
    shown = "\n".join(expected(name))
    assert [sign for sign in ("**", "~~", "[^", "](", "<!--", "```", "|--", "[ ]", "&lt;") if sign in shown] == []


# On paper


@pytest.fixture(scope="module")
def typesetter() -> Iterator[Child]:
    """One for all letters: looking for fonts takes half a second."""
    with child("letters.shared.pdf_child", pdf.LIMITS) as made:
        yield made


@pytest.fixture
def on_paper(typesetter: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    @contextmanager
    def same(_: str, __: Limits) -> Iterator[Child]:
        yield typesetter

    monkeypatch.setattr(pdf, "child", same)
    return tmp_path / "letter.pdf"


@pytest.mark.parametrize("name", NAMES)
def test_its_pdf_says_the_same_in_the_same_order(name: str, on_paper: Path) -> None:
    if not shutil.which("pdftotext"):
        pytest.skip("this machine has no pdftotext (Debian: poppler-utils)")
    picture = BytesIO()
    Image.new("RGB", (1200, 600), "teal").save(picture, "WEBP")
    assert write_pdf(on_paper, replace(HEAD, body=written(name), pictures={PICTURE: picture.getvalue()}), []) >= 1
    set_in_type = subprocess.run(["pdftotext", "-raw", on_paper, "-"], check=True, capture_output=True).stdout.decode()
    if name in SHAPED:
        return
    text, place = plain(set_in_type), 0
    for piece in filter(None, map(plain, Outline(render_markdown(written(name))).pieces)):
        found = text.find(piece, place)
        assert found >= 0, f"{piece!r} is not after {text[:place][-40:]!r} in {text!r}"
        place = found + len(piece)


# Where else it is read


@pytest.mark.parametrize(
    "name",
    ["demands_across_paragraphs", "demands_with_gaps", "table", "footnotes", "address_block", "headings_of_six_levels"],
)
def test_page_preview_and_feed_are_one_rendering(
    name: str, organizer: User, published: LetterMaker, reader: Reader, letter: Letter
) -> None:
    text, now = replace(EN, body=written(name)), timezone.now()
    other = draft_letter(letter.collective, slug="as-written", text=text, by=organizer, now=now)
    publish_letter(other, by=organizer, now=now)
    shown, desk = expected(name), browser_of(organizer)
    assert _within(reader.read(other), shown)
    assert outline_of(desk.post("/organize/preview/", {"body": text.body}).json()["html"]) == shown
    feed = reader.read(other, "feed")
    assert render_markdown(text.body).split("\n")[0] in feed.replace("&lt;", "<").replace("&gt;", ">")


def _within(html: str, lines: list[str]) -> bool:
    found = outline_of(html)
    return any(found[place : place + len(lines)] == lines for place in range(len(found)))
