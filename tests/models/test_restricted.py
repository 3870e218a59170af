"""Foreign keys to signatures: nothing is left behind, and each costs one query for a deleted signature."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.migrations.state import StateApps

from letters.models import Letter, Signature
from letters.shared.restricting import restricted
from letters.shared.sql import execute, fetch_rows
from tests.people import sign

FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname, confdeltype::text, condeferrable, convalidated FROM pg_constraint
WHERE contype = 'f' AND confrelid = 'letters_signature'::regclass
"""

pytestmark = pytest.mark.django_db


def test_every_foreign_key_to_signatures_is_checked_with_one_query() -> None:
    """A migration for a new table that refers to signatures ends with `*restricted("letters_…")`."""
    keys = fetch_rows(FOREIGN_KEYS)
    assert len(keys) > 10
    assert [table for table, _, on_delete, _, _ in keys if on_delete != "r"] == []


def test_a_signature_to_which_a_row_refers_cannot_be_deleted(letter: Letter) -> None:
    sign(letter, "ada@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        execute("DELETE FROM letters_signature")
    assert Signature.objects.count() == 1


def test_a_foreign_key_can_be_restricted_and_set_back_and_keeps_its_name(letter: Letter) -> None:
    execute("CREATE TABLE letters_note (signature_id bigint CONSTRAINT by_django REFERENCES letters_signature (id))")
    steps, apps = [*restricted("letters_note")], StateApps([], {})
    with connection.schema_editor(atomic=False) as editor:
        for step in steps:
            step.code(apps, editor)
        assert ("letters_note", "by_django", "r", False, True) in fetch_rows(FOREIGN_KEYS)
        for step in reversed(steps):
            assert step.reverse_code
            step.reverse_code(apps, editor)
        assert ("letters_note", "by_django", "a", True, True) in fetch_rows(FOREIGN_KEYS)


def test_a_migration_that_was_killed_before_it_noted_a_step_does_it_again(letter: Letter) -> None:
    execute("CREATE TABLE letters_note (signature_id bigint CONSTRAINT by_django REFERENCES letters_signature (id))")
    steps, apps = [*restricted("letters_note")], StateApps([], {})
    with connection.schema_editor(atomic=False) as editor:
        for step in steps:
            step.code(apps, editor)
            step.code(apps, editor)
    assert ("letters_note", "by_django", "r", False, True) in fetch_rows(FOREIGN_KEYS)


def test_a_process_that_holds_the_table_between_two_statements_only_delays_the_migration(letter: Letter) -> None:
    execute("CREATE TABLE letters_note (signature_id bigint CONSTRAINT by_django REFERENCES letters_signature (id))")
    steps, apps = [*restricted("letters_note")], StateApps([], {})

    def held(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "RENAME CONSTRAINT" in sql:
            raise OperationalError("canceling statement due to lock timeout")
        return run(sql, *rest)

    with connection.schema_editor(atomic=False) as editor:
        for step in steps[:-1]:
            step.code(apps, editor)
        with connection.execute_wrapper(held), pytest.raises(OperationalError):
            steps[-1].code(apps, editor)
        steps[-1].code(apps, editor)
    assert ("letters_note", "by_django", "r", False, True) in fetch_rows(FOREIGN_KEYS)
