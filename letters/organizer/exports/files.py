"""Exports as files in EXPORTS_DIR, for their owner's eyes alone, written row after row: memory stays what it is."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter
from django.conf import settings

from letters.models import Export
from letters.shared.csv_rows import MARK, csv_lines

Rows = Sequence[Sequence[object]]
# Adds rows to the file that is being written.
Write = Callable[[Rows], None]

# As many as fit, the heading included.
ROWS_A_SHEET = 1_048_576


def folder() -> Path:
    path = Path(settings.EXPORTS_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def name_of(export: Export) -> str:
    """Another one for each attempt: two workers that both think it is theirs write two files."""
    return f"{export.pk}-{export.attempts}.{export.format}"


def export_of(file_name: str) -> int | None:
    """The id of the export that a file is for."""
    number = file_name.partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() else None


def opened(name: str, heading: Sequence[str]) -> AbstractContextManager[Write]:
    """A new file with that heading, to write rows to; it is whole when this ends."""
    writers = {"csv": _csv, "xlsx": _xlsx}
    return writers[name.rpartition(".")[2]](folder() / name, heading)


def empty(name: str) -> Path:
    """A new file, for its owner's eyes alone, to be written by its path."""
    path = folder() / name
    _new(path).close()
    return path


def _new(path: Path) -> IO[bytes]:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@contextmanager
def _csv(path: Path, heading: Sequence[str]) -> Iterator[Write]:
    with _new(path) as file:
        file.write((MARK + csv_lines([heading])).encode())
        yield lambda rows: (file.write(csv_lines(rows).encode()), None)[1]


@contextmanager
def _xlsx(path: Path, heading: Sequence[str]) -> Iterator[Write]:
    """Text is written as text: nothing is calculated, and nothing becomes a link. More rows take more sheets."""
    # The rows of a sheet wait in files of their own, which go with this folder however it ends: a full disk must not
    # fill up a little more with each try.
    with TemporaryDirectory(prefix="sheet-", dir=folder()) as rows_of_sheets, _new(path) as file:
        yield from _sheets(file, heading, rows_of_sheets)


def _sheets(file: IO[bytes], heading: Sequence[str], tmpdir: str) -> Iterator[Write]:
    options = {"constant_memory": True, "tmpdir": tmpdir, "strings_to_formulas": False, "strings_to_urls": False}
    with _book(file, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, place = _headed(book, heading), 1

        def write(rows: Rows) -> None:
            nonlocal sheet, place
            for row in rows:
                if place >= ROWS_A_SHEET:
                    sheet, place = _headed(book, heading), 1
                for column, value in enumerate(row):
                    if isinstance(value, int):
                        sheet.write_number(place, column, value)
                    elif isinstance(value, date):
                        sheet.write_datetime(place, column, datetime.combine(value, time()), day)
                    elif value:
                        sheet.write_string(place, column, str(value))
                place += 1

        yield write


@contextmanager
def _book(file: IO[bytes], options: dict[str, Any]) -> Iterator[xlsxwriter.Workbook]:
    """After a failure the library leaves its files open, and an open file takes room though it is deleted."""
    book = xlsxwriter.Workbook(file, options)
    try:
        yield book
        book.close()
    finally:
        for sheet in book.worksheets():
            sheet._opt_close()


def _headed(book: xlsxwriter.Workbook, heading: Sequence[str]) -> Any:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, heading)
    for column, name in enumerate(heading):
        if name.endswith("_on"):
            sheet.set_column(column, column, 12)
    return sheet
