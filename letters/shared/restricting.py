"""Let foreign keys to signatures be checked by one query for each deleted signature, instead of two.

Performance: Django's foreign keys allow that another row takes the place of a deleted one before the transaction ends.
So PostgreSQL first looks for such a row, for every deleted signature and every foreign key. ON DELETE RESTRICT only
looks for rows that refer to the deleted one, at the end of the statement. That halves the time of purging.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db import migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OF_DJANGO, RESTRICTED = "DEFERRABLE INITIALLY DEFERRED", "ON DELETE RESTRICT"
OTHER = """
SELECT conname FROM pg_constraint
WHERE contype = 'f' AND conrelid = %s::regclass AND confrelid = 'letters_signature'::regclass AND conname <> %s
"""
NEW = "SELECT FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s"

Step = Callable[[Any, BaseDatabaseSchemaEditor], None]


def restricted(*tables: str) -> Iterator[migrations.RunPython]:
    """Yield the operations for tables whose column `signature_id` refers to a signature.

    They are for a live site: each is short or lets others write. The old constraint goes after the new one was checked.
    Each can be done again after an interruption, because a process that is killed has not noted what it did.
    """
    for table in tables:
        add, add_back = partial(_add, table, RESTRICTED), partial(_add, table, OF_DJANGO)
        check, replace = partial(_check, table), partial(_replace, table)
        yield migrations.RunPython(add, replace)
        yield migrations.RunPython(check, check)
        yield migrations.RunPython(replace, add_back)


def _add(table: str, rule: str, apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    if _is_there(table, editor):
        return
    editor.execute(
        f"ALTER TABLE {table} ADD CONSTRAINT {_new(table)} "
        f"FOREIGN KEY (signature_id) REFERENCES letters_signature (id) {rule} NOT VALID"
    )


def _check(table: str, apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    if _is_there(table, editor):
        editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {_new(table)}")


def _replace(table: str, apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """Give the new constraint the name of the old one, by which Django finds it.

    Race: both statements or none. Between them, another process could keep us from the table, and no later attempt
    would know the name.
    """
    if not _is_there(table, editor):
        return
    with transaction.atomic(editor.connection.alias):
        with editor.connection.cursor() as cursor:
            cursor.execute(OTHER, [table, _new(table)])
            ((old,),) = cursor.fetchall()
        editor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{old}"')
        editor.execute(f'ALTER TABLE {table} RENAME CONSTRAINT {_new(table)} TO "{old}"')


def _is_there(table: str, editor: BaseDatabaseSchemaEditor) -> bool:
    with editor.connection.cursor() as cursor:
        cursor.execute(NEW, [table, _new(table)])
        return cursor.fetchone() is not None


def _new(table: str) -> str:
    return f"{table}_restricted"
