"""Go on with an interrupted migration after the operation that it finished last.

Migrations that build an index beside running queries have no transaction around them. Django would begin such a
migration again with its first operation, and fail for ever, because a table or constraint exists already.
"""

from copy import copy
from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration, RunPython, RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

CREATE = "CREATE TABLE IF NOT EXISTS unfinished_migration (name text PRIMARY KEY, done integer NOT NULL)"
NOTE = "INSERT INTO unfinished_migration VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET done = excluded.done"
READ = "SELECT done FROM unfinished_migration WHERE name = %s"
TABLE = "SELECT to_regclass('unfinished_migration') IS NOT NULL"
FORGET = "DELETE FROM unfinished_migration WHERE name = %s"
OTHERS = "SELECT EXISTS (SELECT FROM unfinished_migration)"
DROP = "DROP TABLE unfinished_migration"


class Progress:
    """How many operations of one migration are done. The table exists only while a migration is unfinished."""

    def __init__(self, connection: BaseDatabaseWrapper, migration: Migration) -> None:
        self.connection, self.name = connection, f"{migration.app_label}.{migration.name}"
        self.done = 0

    def begin(self) -> None:
        self._execute(CREATE)
        self.done = self._read(READ, self.name) or 0

    def note(self, done: int) -> None:
        self._execute(NOTE, self.name, done)

    def forget(self) -> None:
        """Forget this migration alone: another one may be unfinished, too."""
        if not self._read(TABLE):
            return
        self._execute(FORGET, self.name)
        if not self._read(OTHERS):
            self._execute(DROP)

    def _execute(self, statement: str, *values: str | int) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, list(values) or None)

    def _read(self, statement: str, *values: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, list(values) or None)
            row = cursor.fetchone()
        return row and row[0]


class Step(Operation):
    """An operation that is skipped if it is done, and otherwise noted together with what it does."""

    atomic = False

    def __init__(self, operation: Operation, number: int, progress: Progress) -> None:
        self.operation, self.number, self.progress = operation, number, progress

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        self.operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if self.number <= self.progress.done:
            return
        if _runs_alone(self.operation):
            # Done again if it is interrupted before the note: it builds what is missing, and drops what is there.
            self.operation.database_forwards(app_label, schema_editor, from_state, to_state)
            self.progress.note(self.number)
            return
        with transaction.atomic(schema_editor.connection.alias):
            self.operation.database_forwards(app_label, schema_editor, from_state, to_state)
            # Django keeps foreign keys and indexes for the end of the migration, which an interruption would lose.
            kept, schema_editor.deferred_sql = schema_editor.deferred_sql, []
            for statement in kept:
                schema_editor.execute(statement, None)
            self.progress.note(self.number)


def _runs_alone(operation: Operation) -> bool:
    if isinstance(operation, RunSQL):
        return "CONCURRENTLY" in str(operation.sql).upper()
    return isinstance(operation, NotInTransactionMixin | RunPython)


class ResumingExecutor(MigrationExecutor):
    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> Any:
        progress, stepwise = Progress(self.connection, migration), copy(migration)
        if migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        if not fake:
            progress.begin()
            steps = [Step(each, number, progress) for number, each in enumerate(migration.operations, 1)]
            stepwise.operations = steps  # type: ignore[misc] # Migration itself does so
        state = super().apply_migration(state, stepwise, fake, fake_initial)
        progress.forget()
        return state

    def unapply_migration(self, state: ProjectState, migration: Migration, fake: bool = False) -> Any:
        state = super().unapply_migration(state, migration, fake)
        # A note that an interruption left would skip operations when the migration is applied again.
        Progress(self.connection, migration).forget()
        return state
