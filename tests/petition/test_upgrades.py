"""Processes of the previous version go on while migrations run: no migration takes away what they need."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

# The linter reads the SQL of these and later migrations. Older ones have run everywhere.
SINCE = "0093"

# A transaction would not let it read migrations that must run without one.
pytestmark = pytest.mark.django_db(transaction=True)


def what_breaks(names: list[str]) -> list[str]:
    """Return those of the app's migrations with which the previous version could not work."""
    linter = MigrationLinter(no_cache=True, quiet=["ok", "ignore", "warning", "error"], analyser_string="postgresql")
    migrations, found = MigrationLoader(connection).disk_migrations, []
    for name in names:
        before = linter.nb_erroneous
        linter.lint_migration(migrations["letters", name])
        if linter.nb_erroneous > before:
            found.append(name)
    return found


def test_the_previous_version_works_with_the_tables_of_the_next() -> None:
    newest = [name for app, name in MigrationLoader(None).disk_migrations if app == "letters" and name >= SINCE]
    assert newest
    assert what_breaks(newest) == []


def test_a_dropped_column_is_found() -> None:
    # Nobody ran the site yet when it was dropped.
    dropped = "0040_answered_submissions_and_codes"
    assert what_breaks([dropped]) == [dropped]
