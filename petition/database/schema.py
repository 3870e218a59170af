"""Change tables while the site runs: without long waits behind a lock, and rebuilding an index that is incomplete."""

import re
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

CONCURRENT = re.compile(r"\s*(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b", re.IGNORECASE)
CREATED = re.compile(
    r'\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(?P<name>\w+)"?', re.IGNORECASE
)
STATE = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


def patient_editor(connection: BaseDatabaseWrapper, *, lock_seconds: int) -> type[DatabaseSchemaEditor]:
    """Return a schema editor for `connection` that waits at most this long for a lock.

    A statement that waits for one long reader makes everyone behind it wait too, so it must give up early.
    """
    limit = f"SET LOCAL lock_timeout = '{lock_seconds}s'"
    # Behind a pooler, a session setting would stay on a connection that others get next.
    of_session = "" if settings.BEHIND_POOLER else limit.replace("LOCAL ", "")

    class PatientSchemaEditor(DatabaseSchemaEditor):
        def __enter__(self) -> "PatientSchemaEditor":
            super().__enter__()
            if statement := limit if self.atomic_migration else of_session:
                super().execute(statement, None)
            return self

        def __exit__(self, *exc: Any) -> None:
            super().__exit__(*exc)
            if of_session and not self.atomic_migration and not connection.needs_rollback:
                super().execute("RESET lock_timeout", None)

        def execute(self, sql: Any, params: Any = ()) -> Any:
            text = str(sql)
            if not CONCURRENT.match(text) or self.collect_sql:
                return super().execute(sql, params)
            if (created := CREATED.match(text)) and _is_built(connection, created["name"]):
                return None
            # It waits for old transactions to end, however long they take, and nobody waits behind it.
            if of_session:
                super().execute("SET lock_timeout = 0", None)
            result = super().execute(sql, params)
            if of_session:
                super().execute(of_session, None)
            return result

    return PatientSchemaEditor


def _is_built(connection: BaseDatabaseWrapper, name: str) -> bool:
    """Return whether an earlier attempt has built this index. Drops the remains of one that failed."""
    with connection.cursor() as cursor:
        cursor.execute(STATE, [f'"{name}"'])
        row = cursor.fetchone()
        if row and not row[0]:
            cursor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
    return bool(row and row[0])
