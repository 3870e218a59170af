"""Foreign keys to signatures: nothing is left behind, and each costs one query for a deleted signature."""

import pytest
from django.db import IntegrityError, connection, transaction
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
