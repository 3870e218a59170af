"""Tables change while people read: nobody waits long, and a failed step is done at the next try."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as DjangosMigrate
from django.db import IntegrityError, OperationalError, connection, connections

from letters.models import Letter
from petition.database.schema import patient_editor
from petition.management.commands import migrate
from tests.people import add_confirmed

pytestmark = pytest.mark.django_db(transaction=True)

CHANGE = "ALTER TABLE letters_letter ADD COLUMN tried integer"
BACK = "ALTER TABLE letters_letter DROP COLUMN tried"
INDEX = "CREATE INDEX CONCURRENTLY tried ON letters_signature (letter_id)"
# How long one try may keep anyone waiting, also on a busy machine.
LOCK_SECONDS, SLACK_SECONDS = 1, 2


@contextmanager
def other_connection() -> Iterator["psycopg.Connection[Any]"]:
    other = connection.copy()
    try:
        other.ensure_connection()
        other.set_autocommit(False)
        yield other.connection
    finally:
        other.close()


@contextmanager
def long_reader() -> Iterator["psycopg.Connection[Any]"]:
    """A dump that has read from the table, and continues until it is told to stop."""
    with other_connection() as other:
        other.execute("SELECT count(*) FROM letters_letter")
        yield other


class Readers:
    """Readers who open the letter all the time. Returns the longest wait."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self.over.is_set():
            begun = time.monotonic()
            Letter.objects.count()
            self.longest = max(self.longest, time.monotonic() - begun)
        connections.close_all()

    def __enter__(self) -> "Readers":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`migrate` has this one change to make."""

    def handle(self: DjangosMigrate, *args: Any, **options: Any) -> None:
        with connection.schema_editor() as editor:
            editor.execute(CHANGE)

    monkeypatch.setattr(DjangosMigrate, "handle", handle)
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE letters_letter DROP COLUMN IF EXISTS tried")


def test_nobody_waits_longer_than_one_try_behind_a_long_query(changing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(migrate, "sleep", pauses.append)
    in_vain = pytest.raises(CommandError, match="used a table at each of 3 tries")
    with long_reader(), Readers() as readers, in_vain:
        call_command("migrate", lock_seconds=LOCK_SECONDS, tries=3, stderr=StringIO())
    assert readers.longest < LOCK_SECONDS + SLACK_SECONDS
    assert pauses == [1, 2]


def test_the_migration_runs_when_the_long_query_has_ended(changing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    said = StringIO()
    with long_reader() as reader:
        monkeypatch.setattr(migrate, "sleep", lambda _seconds: reader.rollback())
        call_command("migrate", lock_seconds=LOCK_SECONDS, stderr=said)
    assert said.getvalue().count("Another process is using a table. Trying again in 1 seconds.") == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT tried FROM letters_letter")
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_other_errors_are_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(self: DjangosMigrate, *args: Any, **options: Any) -> None:
        raise OperationalError("The disk is full.")

    monkeypatch.setattr(DjangosMigrate, "handle", handle)
    with pytest.raises(OperationalError, match="The disk is full"):
        call_command("migrate")


@pytest.fixture
def no_index() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS tried")


def build(statement: str, lock_seconds: int = LOCK_SECONDS) -> None:
    with patient_editor(connection, lock_seconds=lock_seconds)(connection, atomic=False) as editor:
        editor.execute(statement)


def is_valid() -> bool | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('tried')")
        found = cursor.fetchone()
        return None if found is None else bool(found[0])


def test_a_half_built_index_is_built_again(letter: Letter, no_index: None) -> None:
    add_confirmed(letter, 2)
    with pytest.raises(IntegrityError):
        build(INDEX.replace("INDEX", "UNIQUE INDEX"))
    assert is_valid() is False
    build(INDEX)
    assert is_valid() is True
    # A complete index stays as it is when the migration starts again after its second index.
    build(INDEX)
    assert is_valid() is True


def test_an_index_is_built_beside_a_long_transaction_however_long_that_takes(letter: Letter, no_index: None) -> None:
    with other_connection() as other:
        # It has a row, and so a transaction id that the build waits for.
        other.execute("SELECT 1 FROM letters_letter FOR UPDATE")
        other.execute("UPDATE letters_signature SET name = name")
        later = threading.Timer(LOCK_SECONDS * 2.5, other.rollback)
        later.start()
        with Readers() as readers:
            build(INDEX)
        later.join()
    assert is_valid() is True
    assert readers.longest < LOCK_SECONDS + SLACK_SECONDS
