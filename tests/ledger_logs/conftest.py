"""Logs with a key, and a folder that remembers them outside the database."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from letters.base.ledger_logs import queries
from letters.models import LedgerEntry, LedgerLog, Letter
from letters.public.ledger import signing
from letters.shared.sql import execute, fetch_one
from tests.conftest import LetterMaker
from tests.people import NOW

SECRET = "a secret for tests, that signs logs and nothing else"
TABLES = ["ledgerkey", "sitelogentry", "ledgerentry", "ledgerlog", "ledgertile", "ledgercheckpoint"]

Append = Callable[..., None]


class Signing:
    """The worker that signs: each run comes at least five seconds after the one before."""

    def __init__(self) -> None:
        self.now = NOW

    def run(self, *, after: timedelta = timedelta(seconds=5)) -> datetime:
        self.now += after
        signing.sign_logs(now=self.now)
        return self.now

    def restart(self) -> None:
        """Begin a new process, which compares all logs first."""
        signing._looked.at = float("-inf")


@pytest.fixture
def published(published: LetterMaker) -> LetterMaker:
    """Create letters without entries, because these tests write the entries themselves."""

    def make(slug: str = "night-trains", **values: Any) -> Letter:
        letter = published(slug, **values)
        tamper(f"DELETE FROM letters_ledgerentry WHERE letter_id = {letter.pk}")  # noqa: S608 -- our own statement
        return letter

    return make


@pytest.fixture
def ledger_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.LEDGER_DIR = tmp_path / "ledger"
    return tmp_path / "ledger"


@pytest.fixture
def signs(settings: Settings, ledger_dir: Path) -> Iterator[Signing]:
    settings.READ_LEDGER_KEYS = lambda: [SECRET]
    queries._full.clear()
    worker = Signing()
    worker.restart()
    yield worker
    queries._full.clear()


@pytest.fixture
def append(letter: Letter) -> Append:
    """Write entries as the sequencer does."""

    def more(count: int, to: Letter = letter, start: str = "withdraw") -> None:
        first = LedgerEntry.objects.filter(letter=to).count()
        lines = [f"undersigned/1 {start} {number}" for number in range(first, first + count)]
        if not first:
            lines[0] = f"undersigned/1 begin testserver/log/{to.pk}"
        LedgerEntry.objects.bulk_create(
            LedgerEntry(letter=to, index=first + at, data=line) for at, line in enumerate(lines)
        )

    return more


def log_of(letter: Letter | None) -> LedgerLog:
    found = queries.open_log(letter)
    assert found
    return found


class Dump:
    """What the database has of the logs now, to be restored later."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {
            table: fetch_one(f"SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]')::text FROM letters_{table} t")[0]  # noqa: S608
            for table in TABLES
        }

    def restore(self) -> None:
        for table in reversed(TABLES):
            _unguarded(table, f"DELETE FROM letters_{table}")  # noqa: S608
        for table in TABLES:
            into = f"letters_{table}"
            rows = f"SELECT * FROM jsonb_populate_recordset(NULL::{into}, %s)"  # noqa: S608
            execute(f"INSERT INTO {into} {rows}", (self.rows[table],))
        queries._full.clear()


def tamper(statement: str) -> None:
    """Change the database as someone with SQL can, also where a trigger refuses it."""
    for table in TABLES:
        if f"letters_{table}" in statement:
            _unguarded(table, statement)
            return
    raise AssertionError(statement)


def _unguarded(table: str, statement: str) -> None:
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"ALTER TABLE letters_{table} DISABLE TRIGGER USER")
    execute(statement)
    execute(f"ALTER TABLE letters_{table} ENABLE TRIGGER USER")
