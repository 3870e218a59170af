"""What is in a bundle: pages that open from a disk, and the same letter as data.

Privacy: everything here is on the public pages too, read with the same queries. Days are days, never times.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation

from letters.base.collective_domains.queries import shown_domains
from letters.base.public_letters.queries import text_of
from letters.models import History, Letter, Picture, paper_counts_of, public_moves
from letters.public.mirrors import files, verify
from letters.public.mirrors.archive import File
from letters.public.mirrors.record import Record, files_of
from letters.public.mirrors.texts import texts_of
from letters.public.public_pages import names_on_letter, queries
from letters.public.public_pages.list_rows import public_csv
from letters.public.public_pages.organisations import on_letter
from letters.shared.languages import direction, interface_language, language_name

# Writes the letter with its signatories to a file, as a PDF in one language.
WritePdf = Callable[[Path, Letter, str, date], None]

# Each page of the list holds so many sequence numbers, always the same ones. So a page changes only if the words of
# a person on it change, and the copy of yesterday shares most of its pages with that of today.
NUMBERS_ON_PAGE = 500
# Typesetting takes long. A letter with more names has one PDF, in its own language, and one with more than the second
# number has none: its pages and its CSV hold all names.
MANY_FOR_A_PDF, TOO_MANY_FOR_A_PDF = 10_000, 100_000
STYLES = ["base.css", "icon.svg"]
FACES = ["roman", "italic", "bold", "roman-more", "italic-more"]
# Our own pictures in pages, in full size or small.
PICTURE = re.compile(r"/media/(?P<name>(?P<digest>[0-9a-f]{32})-(?P<size>[0-9]{1,4}x[0-9]{1,4}|800)\.webp)")


@dataclass
class _Pages:
    """Renders the pages of one bundle, and notes which pictures they show."""

    letter: Letter
    day: date
    record: Record
    pictures: dict[str, tuple[str, str]] = field(default_factory=dict)

    def render(self, name: str, template: str, language: str, **context: object) -> File:
        root = "../" * name.count("/")
        given = {
            "letter": self.letter,
            "day": self.day,
            "root": root,
            "language": language,
            "direction": direction(language),
            "live_url": settings.SITE_URL + self.letter.get_absolute_url(language),
            **context,
        }
        with translation.override(interface_language(language)):
            html = render_to_string(f"letters/mirrors/copy/{template}.html", given)
        return File(name, [PICTURE.sub(lambda match: root + self._noted(match), html).encode()])

    def _noted(self, match: re.Match[str]) -> str:
        self.pictures[match["name"]] = (match["digest"], match["size"])
        return f"pictures/{match['name']}"


def contents(letter: Letter, record: Record, *, day: date, write_pdf: WritePdf) -> Iterator[File]:
    """Yield the files of a letter's bundle, in an order that never changes."""
    pages = _Pages(letter, day, record)
    languages = letter.languages()
    with_pdf = _languages_of_pdfs(letter, languages)
    for language in languages:
        yield _letter_page(pages, language, languages, has_pdf=language in with_pdf)
    if not letter.is_sealed:
        yield from _list_pages(pages)
        yield File("signatures.csv", public_csv(letter))
    for language in with_pdf:
        yield from _pdf(letter, language, day, write_pdf)
    for name in sorted(pages.pictures):
        digest, size = pages.pictures[name]
        yield from _picture(name, digest, size)
    yield from _styles()
    yield from texts_of(letter)
    yield from files_of(record)
    if verify.has_page(letter, record):
        yield from _verify_pages(pages, languages)
    yield pages.render("README.html", "readme", letter.language, languages=languages)


def tombstone(letter: Letter, *, day: date) -> Iterator[File]:
    """Yield the only page of a letter that the site has taken down. It holds no word of the letter."""
    pages = _Pages(letter, day, Record(is_whole=True))
    yield pages.render("index.html", "taken_down", letter.language)
    yield from _styles()


def page_name(letter: Letter, language: str) -> str:
    return "index.html" if language == letter.language else f"index.{language}.html"


def pdf_name(letter: Letter, language: str) -> str:
    return "letter.pdf" if language == letter.language else f"letter.{language}.pdf"


def verify_name(letter: Letter, language: str) -> str:
    return "verify.html" if language == letter.language else f"verify.{language}.html"


def _letter_page(pages: _Pages, language: str, languages: list[str], *, has_pdf: bool) -> File:
    letter = pages.letter
    links = [{"code": code, "name": language_name(code), "url": page_name(letter, code)} for code in languages]
    return pages.render(
        page_name(letter, language),
        "letter",
        language,
        text=text_of(letter, language),
        languages=links if len(links) > 1 else [],
        pdf=pdf_name(letter, language) if has_pdf else "",
        is_indexed=letter.may_be_indexed("letter"),
        has_record=bool(pages.record.note),
        verify=verify_name(letter, language) if verify.has_page(letter, pages.record) else "",
        **_around(letter),
        **_signed(letter, History.of_changed(letter, language)),
    )


def _around(letter: Letter) -> dict[str, object]:
    """Return what the page shows besides the text and the names."""
    return {
        "on_paper": paper_counts_of(letter),
        "domains": shown_domains(letter.collective),
        "moves": public_moves(letter),
        "letter_deliveries": queries.letter_deliveries(letter),
        "cover": Picture.above(letter.current_revision),
        "answers": queries.answers(letter),
    }


def _signed(letter: Letter, changes: History | None) -> dict[str, object]:
    return {
        "changes": changes,
        "first": names_on_letter.first_signatures(letter, changes),
        "newest": names_on_letter.newest_signatures(letter, changes),
        "organisations": [] if letter.is_sealed else on_letter(letter, changes),
    }


def _list_pages(pages: _Pages) -> Iterator[File]:
    """Yield the list of names in the letter's own language, oldest first. Memory: one page at a time."""
    letter = pages.letter
    changes = History.of_changed(letter, letter.language)
    last = max(1, -(-letter.last_number // NUMBERS_ON_PAGE))
    same = {
        "text": text_of(letter, letter.language),
        "changes": changes,
        "last": last,
        "is_indexed": letter.may_be_indexed("signatures"),
    }
    for number in range(1, last + 1):
        after, up_to = (number - 1) * NUMBERS_ON_PAGE, min(number * NUMBERS_ON_PAGE, letter.last_number)
        rows = queries.counted(letter, changes).filter(number__gt=after, number__lte=up_to).numbered()
        own = {"signatures": rows.order_by("number"), "number": number}
        beside = {"previous": str(number - 1), "following": str(number + 1)}
        yield pages.render(f"signatures/{number}.html", "signatures", letter.language, **same, **own, **beside)


def _verify_pages(pages: _Pages, languages: list[str]) -> Iterator[File]:
    """Yield the page that checks the record, in each language, with its scripts."""
    letter = pages.letter
    for language in languages:
        own = {"text": text_of(letter, language), "back": page_name(letter, language)}
        yield pages.render(verify_name(letter, language), "verify", language, **own, **verify.context(pages.record))
    yield verify.saved_files(letter, pages.record)
    for name in verify.SCRIPTS:
        yield File(f"script/{name}", [_static(name)])


def _languages_of_pdfs(letter: Letter, languages: list[str]) -> list[str]:
    if letter.last_number > TOO_MANY_FOR_A_PDF:
        return []
    return languages if letter.last_number <= MANY_FOR_A_PDF else [letter.language]


def _pdf(letter: Letter, language: str, day: date, write_pdf: WritePdf) -> Iterator[File]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "letter.pdf"
        write_pdf(path, letter, language, day)
        yield File(pdf_name(letter, language), files.blocks_of(path))


def _picture(name: str, digest: str, size: str) -> Iterator[File]:
    field_name = "small" if size == "800" else "full"
    # A text can show the picture of another letter, whose address its writers have copied.
    for data in Picture.objects.filter(digest=digest).order_by("pk").values_list(field_name, flat=True)[:1]:
        yield File(f"pictures/{name}", [bytes(data)])


def _styles() -> Iterator[File]:
    for name in STYLES:
        yield File(f"style/{name}", [_static(name)])
    for face in FACES:
        yield File(f"style/face/{face}.woff2", [_static(f"face/{face}.woff2")])
    yield File("style/face/LICENCE.txt", [_static("face/LICENCE.txt")])


def _static(name: str) -> bytes:
    """Return a file of the program, not of STATIC_ROOT: there, its links lead to names with a hash."""
    path = finders.find(f"letters/{name}")
    if not path:
        raise FileNotFoundError(name)
    return Path(path).read_bytes()
