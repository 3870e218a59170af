"""`make drill` takes minutes and needs programs of the system. These tests check what can be checked without them."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from drill.crowd import Record
from drill.faults import faults
from drill.machines import Supervised
from drill.report import Row, as_markdown
from tests.stack import until

ROW = Row(
    "A web server is killed",
    signed=90,
    refused=Counter({"502": 2}),
    without_email=0,
    twice=0,
    unpublished=0,
    falls=0,
    pause=0.4,
    settled=2.0,
)


@pytest.mark.parametrize(
    "loss", [{"without_email": 1}, {"unpublished": 1}, {"falls": 1}, {"settled": None}, {"signed": 0}]
)
def test_a_loss_makes_the_drill_fail(loss: dict[str, int | None]) -> None:
    assert ROW.holds
    assert not replace(ROW, **loss).holds  # type: ignore[arg-type]


def test_the_longest_pause_includes_the_time_before_the_first_and_after_the_last_signature() -> None:
    record = Record(signed={"a@a.example": 11.0, "b@b.example": 12.5})
    assert record.longest_pause(10, 13) == 1.5
    assert record.longest_pause(5, 13) == 6
    assert record.longest_pause(10, 20) == 7.5


def test_the_committed_table_has_a_row_for_each_fault_and_lost_nothing() -> None:
    text = (settings.BASE_DIR / "docs" / "drill.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| .+ \| [\d,]+ \|", line)]
    assert {row[0] for row in rows} >= faults().keys()
    assert {(row[2], row[4]) for row in rows} == {("0", "0")}


def test_the_table_is_written_as_it_is_read() -> None:
    text = as_markdown([ROW], rate=50, at=datetime(2026, 11, 30, tzinfo=UTC), parts="PostgreSQL 18.4")
    assert text.endswith("| A web server is killed | 90 | 0 | 0 | 0 | 2 | 0.4 s | 2 s |\n")
    assert "Last run: 30 November 2026" in text


def test_a_process_that_ends_starts_again(tmp_path: Path) -> None:
    supervised = Supervised("sleeper", ["sleep", "600"], {}, tmp_path / "log")
    first = supervised.process.pid
    supervised.kill()
    until(lambda: supervised.has_restarted(first))
    assert supervised.process.poll() is None
    supervised.end()
    assert supervised.process.poll() is not None
