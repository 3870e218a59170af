"""A spreadsheet that fails leaves nothing on the disk, so that repeated attempts cannot fill it."""

from functools import partial
from pathlib import Path

import pytest
import xlsxwriter

from letters.organizer.exports import files

full = partial(pytest.raises, RuntimeError, match="full")
ROWS = [["Ada", 1]] * 1000


def test_temporary_files_go_when_reading_fails(folder: Path) -> None:
    def fail() -> None:
        assert any(path.is_dir() for path in folder.iterdir())
        raise RuntimeError("The disk is full.")

    with full(), files.opened("1-1.xlsx", ["name", "number"]) as write:
        write(ROWS)
        fail()
    assert [path.name for path in folder.iterdir()] == ["1-1.xlsx"]


def test_temporary_files_go_when_writing_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(book: xlsxwriter.Workbook) -> None:
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr(xlsxwriter.Workbook, "_store_workbook", fail)
    with full(), files.opened("1-1.xlsx", ["name", "number"]) as write:
        write(ROWS)
    assert [path.name for path in folder.iterdir()] == ["1-1.xlsx"]


def test_a_complete_spreadsheet_leaves_nothing_but_itself(folder: Path) -> None:
    with files.opened("1-1.xlsx", ["name", "number"]) as write:
        write(ROWS)
    assert [path.name for path in folder.iterdir()] == ["1-1.xlsx"]
    assert (folder / "1-1.xlsx").stat().st_size > 1000
