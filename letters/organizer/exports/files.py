"""Write exports to files in EXPORTS_DIR, readable only by their owner, row by row so that memory stays constant.

The folder is the worker's own, and files stay in it only until they are in the database.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings

from letters.models import Export
from letters.shared.built_files import folder_of
from letters.shared.csv_rows import MARK, csv_lines
from letters.shared.numbers import MAX_DIGITS_OF_ID, read_number

if TYPE_CHECKING:
    import xlsxwriter

# Lines of CSV as bytes, or rows of cells for a workbook.
Rows = Any
# A function that appends rows to the file.
Write = Callable[[Rows], object]

# Excel's limit, the heading included.
ROWS_A_SHEET = 1_048_576


def folder() -> Path:
    return folder_of(settings.EXPORTS_DIR)


def name_of(export: Export) -> str:
    """Return a name that differs for each attempt.

    Race: two workers that both believe they own the export write two files.
    """
    return f"{export.pk}-{export.attempts}.{export.format}"


def parts_of(name: str, length: int) -> Iterator[bytes]:
    with (folder() / name).open("rb") as file:
        while part := file.read(length):
            yield part


def present() -> list[Path]:
    """Return the files and temporary folders in the folder."""
    return list(folder().iterdir())


def export_of(path: Path) -> int | None:
    """Return the id of the export that a file belongs to. The temporary folder of a workbook does not name it."""
    return read_number(path.name.partition("-")[0], max_digits=MAX_DIGITS_OF_ID)


def delete(name: str) -> None:
    path = folder() / name
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def opened(name: str, heading: Sequence[str]) -> AbstractContextManager[Write]:
    """Open a new file with this heading for writing. The file is complete when the context ends."""
    writers = {"csv": _csv, "xlsx": _xlsx}
    return writers[name.rpartition(".")[2]](folder() / name, heading)


def create_empty(name: str) -> Path:
    """Create an empty file that only its owner can read, and return its path."""
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
        yield file.write


@contextmanager
def _xlsx(path: Path, heading: Sequence[str]) -> Iterator[Write]:
    """Write a workbook, with more sheets for more rows.

    Security: text stays text. Nothing becomes a formula or a link.
    """
    # Full disk: the rows of a sheet wait in files of their own. They are always deleted with this folder, so that
    # repeated failures do not fill the disk further.
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
                _write_row(sheet, place, row, day)
                place += 1

        yield write


def _write_row(sheet: Any, place: int, row: Sequence[Any], day: Any) -> None:
    for column, value in enumerate(row):
        if isinstance(value, int):
            sheet.write_number(place, column, value)
        elif isinstance(value, date):
            sheet.write_datetime(place, column, datetime.combine(value, time()), day)
        elif value:
            sheet.write_string(place, column, str(value))


@contextmanager
def _book(file: IO[bytes], options: dict[str, Any]) -> Iterator["xlsxwriter.Workbook"]:
    """Open a workbook, and close all its files at the end.

    Full disk: after a failure the library leaves its files open, and an open file takes space although it is deleted.
    """
    import xlsxwriter  # noqa: PLC0415 -- memory: most workers never write a workbook

    book = xlsxwriter.Workbook(file, options)
    try:
        yield book
        book.close()
    finally:
        for sheet in book.worksheets():
            sheet._opt_close()


def _headed(book: "xlsxwriter.Workbook", heading: Sequence[str]) -> Any:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, heading)
    for column, name in enumerate(heading):
        if name.endswith("_on"):
            sheet.set_column(column, column, 12)
    return sheet
