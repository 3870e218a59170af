"""Django's migrate, for a running site: when another process holds a lock, it gives up within seconds and tries again.

Django finds this command before its own, so there is one way to migrate.
"""

import sys
from time import sleep
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate as djangos_migrate
from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS, OperationalError, ProgrammingError, connections
from django.utils import timezone
from psycopg import errors

from letters.base.keyring.operations import WrongKeys, know_keys
from petition.database.resuming import ResumingExecutor
from petition.database.schema import patient_editor

TRY_AGAIN = (errors.LockNotAvailable, errors.DeadlockDetected)
MAX_PAUSE_SECONDS = 30


class Command(Migrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--lock-seconds", type=int, default=3, help="How long other queries may wait for a change.")
        parser.add_argument("--tries", type=int, default=20, help="How often to try a change, with growing pauses.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options.get("database") or DEFAULT_DB_ALIAS]
        editor, executor = connection.SchemaEditorClass, djangos_migrate.MigrationExecutor  # type: ignore[attr-defined]
        connection.SchemaEditorClass = patient_editor(connection, lock_seconds=options.get("lock_seconds", 3))
        # Django has no other way to choose it.
        djangos_migrate.MigrationExecutor = ResumingExecutor  # type: ignore[attr-defined]
        try:
            self._try(*args, **options)
        finally:
            connection.SchemaEditorClass = editor
            djangos_migrate.MigrationExecutor = executor  # type: ignore[attr-defined]
        if not options.get("plan"):
            self._know_keys()

    def _try(self, *args: Any, **options: Any) -> None:
        tries = options.get("tries", 20)
        for number in range(tries):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, TRY_AGAIN):
                    raise
            else:
                return
            pause = min(2**number, MAX_PAUSE_SECONDS)
            if number < tries - 1:
                self.stderr.write(f"\nAnother process is using a table. Trying again in {pause} seconds.")
                sleep(pause)
        raise CommandError(
            f"Another process, perhaps a backup or a report, used a table at each of {tries} tries. Nothing is half "
            "done: wait until it ends, then run migrate again. The view pg_stat_activity shows which process it is."
        )

    def _know_keys(self) -> None:
        """Record the keys of this environment, because data is written under them from now on.

        Wrong keys do not stop a migration, which needs none. The site refuses to start with them.
        """
        try:
            know_keys(now=timezone.now())
        except WrongKeys as wrong:
            print(f"Warning: {wrong}", file=sys.stderr)  # noqa: T201
        except (OperationalError, ProgrammingError):
            return  # The migration was reversed to before this table existed, or it is another database.
