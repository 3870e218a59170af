"""A spreadsheet that cannot be made leaves nothing on the disk: a full one must not fill up with each try."""

from functools import partial
from pathlib import Path

import pytest
import xlsxwriter

from letters.organizer.exports import files

full = partial(pytest.raises, RuntimeError, match="full")
ROWS = [["Ada", 1]] * 1000


def test_rows_that_wait_go_when_the_reading_fails(folder: Path) -> None:
    def fail() -> None:
        assert any(path.is_dir() for path in folder.iterdir())
        raise RuntimeError("The disk is full.")

    with full(), files.opened("1-1.xlsx", ["name", "number"]) as write:
        write(ROWS)
        fail()
    assert [path.name for path in folder.iterdir()] == ["1-1.xlsx"]


def test_rows_that_wait_go_when_the_writing_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(book: xlsxwriter.Workbook) -> None:
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr(xlsxwriter.Workbook, "_store_workbook", fail)
    with full(), files.opened("1-1.xlsx", ["name", "number"]) as write:
        write(ROWS)
    assert [path.name for path in folder.iterdir()] == ["1-1.xlsx"]


def test_a_whole_spreadsheet_leaves_itself_alone(folder: Path) -> None:
    with files.opened("1-1.xlsx", ["name", "number"]) as write:
        write(ROWS)
    assert [path.name for path in folder.iterdir()] == ["1-1.xlsx"]
    assert (folder / "1-1.xlsx").stat().st_size > 1000
