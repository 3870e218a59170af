"""Letters as people write and paste them: page, preview, email, feed and PDF say the same, in the same order."""

import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pikepdf
import pytest
from django.conf import settings
from django.http import JsonResponse
from django.test import RequestFactory
from django.utils import timezone
from PIL import Image

from letters.models import Letter, Translation, Update, User
from letters.organizer.exports.pdf import writing as pdf
from letters.organizer.exports.pdf.writing import write_pdf
from letters.organizer.letter_editor.operations import draft_letter, publish_letter, translate_letter
from letters.organizer.letter_editor.views.saving import live_preview
from letters.organizer.updates.mail import trial_mail
from letters.organizer.updates.operations import UpdateText, write_update
from letters.public.public_pages.feed import letter_feed
from letters.shared.markdown import bare, render_markdown
from letters.shared.sandbox import Child, Limits, child
from tests.conftest import LetterMaker
from tests.exports.test_pdf import HEAD
from tests.outlines import Outline, outline_of, plain_outline_of
from tests.people import EN, NOW, Reader, browser_of

FOLDER = Path(__file__).parent.parent / "letters_as_written"
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))
PICTURE = f"/media/{'0' * 32}-1200x600.webp"
ATOM = "{http://www.w3.org/2005/Atom}"
# Scripts whose letters are in another order in a PDF file, or split.
SHAPED = {"arabic", "hebrew", "hindi", "persian", "thai"}
# Characters that are invisible, or left out if the machine has no font for them, and places where a line may break.
LEFT_OUT = re.compile("[\\s\u00ad\u200b-\u200d\u2066-\u2069\ufe0e\ufe0f\U0001f000-\U0001faff-]")


def written(name: str) -> str:
    # Byte by byte, because some of them have Windows line endings.
    return (FOLDER / f"{name}.md").read_bytes().decode().replace("PICTURE", PICTURE)


def expected(name: str) -> list[str]:
    return (FOLDER / f"{name}.txt").read_text().splitlines()


def plain(text: str) -> str:
    return LEFT_OUT.sub("", unicodedata.normalize("NFKC", text))


def test_there_are_fifty_sample_letters() -> None:
    assert len(NAMES) >= 50


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_is_shown_as_it_was_meant(name: str) -> None:
    assert outline_of(render_markdown(written(name))) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_markdown_is_left(name: str) -> None:
    if name in {"escaped", "emphasis", "stars_in_words", "code"}:
        return
    shown = "\n".join(expected(name))
    assert [sign for sign in ("**", "~~", "[^", "](", "<!--", "```", "|--", "[ ]", "&lt;") if sign in shown] == []


# On paper


@pytest.fixture(scope="module")
def typesetter() -> Iterator[Child]:
    """One typesetter for all letters, because looking for fonts takes half a second."""
    with child("letters.organizer.exports.pdf.child", pdf.LIMITS) as made:
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
    assert linked_from(on_paper) == leads_to(render_markdown(written(name)))
    set_in_type = subprocess.run(["pdftotext", "-raw", on_paper, "-"], check=True, capture_output=True).stdout.decode()
    if name in SHAPED:
        return
    text, place = plain(set_in_type), 0
    for piece in filter(None, map(plain, Outline(render_markdown(written(name))).pieces)):
        found = text.find(piece, place)
        assert found >= 0, f"{piece!r} is not after {text[:place][-40:]!r} in {text!r}"
        place = found + len(piece)
    # Nobody can click a word on paper, so its address is printed.
    for address in leads_to(render_markdown(written(name))):
        assert plain(bare(address)) in text


def leads_to(html: str) -> set[str]:
    return {unescape(each) for each in re.findall(r'<a href="([^"#][^"]*)"', html)}


def linked_from(path: Path) -> set[str]:
    """Return where the links of the letter in a PDF lead, without those of the small print."""
    with pikepdf.open(path) as made:
        marks = [mark for page in made.pages for mark in page.get("/Annots", [])]
        targets = {str(mark.A.URI) for mark in marks if "/A" in mark and "/URI" in mark.A}
    return targets - set(HEAD.small_print)


# Other places that show it


@pytest.fixture
def draft_of(draft: LetterMaker, organizer: User) -> Callable[[str], tuple[Letter, Translation]]:
    """A draft with one of the texts, written again for each."""
    made = draft("as-written")

    def write(name: str) -> tuple[Letter, Translation]:
        text = replace(EN, title=name, body=written(name))
        return made, translate_letter(made, text=text, by=organizer, now=NOW)

    return write


def test_page_preview_and_feed_are_one_rendering_of_every_letter(
    draft_of: Callable[[str], tuple[Letter, Translation]], organizer: User
) -> None:
    for name in NAMES:
        letter, text = draft_of(name)
        letter.published_at = NOW
        assert outline_of(text.html) == expected(name), name
        assert outline_of(preview_of(written(name), organizer)) == expected(name), name
        [entry] = ET.fromstring(letter_feed(letter, text, "en")).iter(f"{ATOM}entry")  # noqa: S314 -- our own
        content = entry.findtext(f"{ATOM}summary") or ""
        assert outline_of(content) == expected(name), name
        assert_leads_anywhere(content)


def test_an_update_in_the_feed_says_the_same_as_its_page(letter: Letter, organizer: User, reader: Reader) -> None:
    """Write the rows that sending would leave, each with one of the texts, and request the page each time."""
    assert letter.current_revision
    shown = letter.current_revision.translations.get(language="en")
    text = UpdateText(title="As it was written", body="To be replaced.", language="en")
    made = write_update(letter, text=text, by=organizer, now=NOW)
    assert made
    Update.objects.filter(pk=made.pk).update(state=Update.State.SENT, is_public=True, began_at=NOW, ended_at=NOW)
    for version, name in enumerate(NAMES, start=100):
        Update.objects.filter(pk=made.pk).update(body=written(name), html=render_markdown(written(name)))
        Letter.objects.filter(pk=letter.pk).update(version=version)
        entries = ET.fromstring(letter_feed(letter, shown, "en")).iter(f"{ATOM}entry")  # noqa: S314 -- our own
        [content] = [
            entry.findtext(f"{ATOM}summary") or ""
            for entry in entries
            if (entry.findtext(f"{ATOM}id") or "").endswith(f"/updates/{made.pk}")
        ]
        assert outline_of(content) == expected(name), name
        assert_leads_anywhere(content)
        assert _within(reader.get(made.url()).content.decode(), expected(name)), name


def test_both_halves_of_an_email_say_the_same(letter: Letter, organizer: User) -> None:
    made: Update | None = None
    for name in NAMES:
        text = UpdateText(title="As it was written", body=written(name), language="en")
        seen = made.version if made else ""
        made = write_update(letter, text=text, by=organizer, now=NOW, update=made, seen=seen)
        message = trial_mail(made, "ada@example.org")
        html, plain_half = str(message.alternatives[0][0]), str(message.body)
        [inside] = re.findall(r'<div lang="en" dir="ltr">(.*?)</div>', html, re.DOTALL)
        assert outline_of(inside) == expected(name), name
        assert_leads_anywhere(inside)
        plain_half = plain_half.partition("As it was written\n\n")[2].rpartition("\n\n--\n")[0]
        assert plain_outline_of(NOTE.sub("", plain_half)) == in_plain(name, inside), name
        # Each mark of a note has the number of a note below.
        marks, notes = NOTE.findall(plain_half), re.findall(r"^\[([0-9]+)\] ", plain_half, re.MULTILINE)
        assert set(marks) <= set(notes), name
        assert len(notes) == len(set(notes)) == inside.count('<li id="fn-'), name


# The mark of a note in a text, not at the beginning of the note.
NOTE = re.compile(r"(?<=\S)\[([0-9]+)\]")
TABLES = {
    "table": ["-: Line: NJ 1; From: Berlin; To: Paris", "-: Line: NJ 2; From: Vienna; To: Rome"],
    "table_with_emphasis": ["-: What: Trains; How many: 12", "-: What: Buses; How many: 3"],
}


def in_plain(name: str, html: str) -> list[str]:
    """The same, where headings are separate lines, rows of a table are items, and words do not hide addresses."""
    targets = iter(unescape(each) for each in re.findall(r'<a href="([^"#][^"]*)"', html))
    lines = [_in_plain(line, targets) for line in expected(name) if not re.match("t[dh]:", line)]
    # The HTML part shows the small picture; its address leads to the large one.
    shown = rf"Picture: \1 ({settings.SITE_URL}{PICTURE})"
    lines = [re.sub(r"\[(A red train at night)\]", shown, line) for line in lines]
    return TABLES.get(name, []) + lines


def _in_plain(line: str, targets: Iterator[str]) -> str:
    def with_address(found: re.Match[str]) -> str:
        target = next(targets, "")
        # It was typed in angle brackets, and is not a link.
        if not target:
            return found[0]
        return found[1] if found[1] in target else f"{found[1]} ({target.removeprefix('mailto:')})"

    line = re.sub("<([^<>]*)>", with_address, re.sub("^((?:> )*)h[2-6]:", r"\1p:", line))
    # The last line of code has no line break of its own.
    return line.removesuffix(" / ") if line.startswith("pre:") else line


def preview_of(body: str, by: User) -> str:
    request = RequestFactory().post("/organize/preview/", {"body": body})
    request.user = by
    response = live_preview(request)
    assert isinstance(response, JsonResponse)
    return str(json.loads(response.content)["html"])


def assert_leads_anywhere(html: str) -> None:
    """Check that every URL is complete, so that it works outside our site."""
    for address in re.findall(r'(?:href|src)="([^"]*)"', html):
        assert re.match("https?://|mailto:|#", address), address


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
