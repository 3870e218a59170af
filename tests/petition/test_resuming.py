"""`migrate` is interrupted anywhere, also in a migration without a transaction, and the next one ends what it began."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management.commands import migrate as djangos_migrate
from django.db import connection, migrations, models
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from petition.database.resuming import Progress, ResumingExecutor
from petition.management.commands import migrate

pytestmark = pytest.mark.django_db(transaction=True)


class Interrupt(migrations.RunPython):
    """Ctrl-C between two operations, once."""

    def __init__(self) -> None:
        self.is_due = True
        super().__init__(self._raise)

    def _raise(self, *_: Any) -> None:
        if self.is_due:
            self.is_due = False
            raise KeyboardInterrupt


class Tried(migrations.Migration):
    atomic = False
    operations = [
        migrations.CreateModel(
            "Shelf",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("above", models.ForeignKey("self", on_delete=models.CASCADE)),
                ("name", models.CharField(max_length=20, db_index=True)),
            ],
        ),
        migrations.RunSQL("CREATE INDEX CONCURRENTLY IF NOT EXISTS shelf_by_name ON tried_shelf (name)"),
        migrations.AddField("Shelf", "width", models.IntegerField(db_default=0)),
        migrations.AddConstraint("Shelf", models.CheckConstraint(condition=models.Q(width__gte=0), name="is_wide")),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS shelf_by_name"),
    ]


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    MigrationRecorder.Migration.objects.filter(app="tried").delete()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS tried_shelf; DROP TABLE IF EXISTS unfinished_migration")


def tried(operations: list[Any], name: str = "0001_tried") -> migrations.Migration:
    migration = Tried(name, "tried")
    migration.operations = operations  # type: ignore[misc] # as Django itself does
    return migration


def migrate_with(operations: list[Any]) -> None:
    ResumingExecutor(connection).apply_migration(ProjectState(), tried(operations))


def interrupted(place: int) -> None:
    """Interrupt the migration when this many of its operations are done."""
    with pytest.raises(KeyboardInterrupt):
        migrate_with([*Tried.operations[:place], Interrupt(), *Tried.operations[place:]])


def what_there_is() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname || ' ' || contype::text FROM pg_constraint WHERE conrelid = 'tried_shelf'::regclass "
            "AND contype <> 'n' UNION SELECT indexname FROM pg_indexes WHERE tablename = 'tried_shelf'"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize("place", range(len(Tried.operations) + 1))
def test_an_interrupted_migration_goes_on_where_it_was(place: int) -> None:
    operations = [*Tried.operations[:place], Interrupt(), *Tried.operations[place:]]
    with pytest.raises(KeyboardInterrupt):
        migrate_with(operations)
    migrate_with(operations)
    found = what_there_is()
    assert "is_wide c" in found
    # The foreign key and the index, which Django would create at the end.
    assert len([each for each in found if each.endswith(" f")]) == 1
    assert any("name" in each for each in found)
    assert "shelf_by_name" not in found
    assert "unfinished_migration" not in connection.introspection.table_names()
    assert MigrationRecorder.Migration.objects.filter(app="tried").count() == 1


def test_an_operation_that_fails_in_the_middle_leaves_nothing_behind() -> None:
    broken = migrations.RunSQL("ALTER TABLE tried_shelf ADD COLUMN depth integer; SELECT 1 / 0")
    for _ in range(2):
        with pytest.raises(Exception, match="division by zero"):
            migrate_with([*Tried.operations[:1], broken])
    migrate_with([*Tried.operations[:1], migrations.AddField("Shelf", "depth", models.IntegerField(db_default=0))])


def test_another_migration_in_between_does_not_make_it_begin_again() -> None:
    interrupted(3)
    another = tried([migrations.RunSQL("SELECT 1")], "0002_another")
    ResumingExecutor(connection).apply_migration(ProjectState(), another)
    migrate_with(Tried.operations)
    assert "is_wide c" in what_there_is()


def test_a_migration_that_was_ended_by_hand_begins_from_the_start_the_next_time() -> None:
    interrupted(3)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE tried_shelf")
    executor = ResumingExecutor(connection)
    executor.apply_migration(ProjectState(), tried(Tried.operations), fake=True)
    executor.unapply_migration(ProjectState(), tried(Tried.operations), fake=True)
    migrate_with(Tried.operations)
    assert "is_wide c" in what_there_is()


def test_a_reversed_migration_begins_from_the_start_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the last interruption came when all was done, but before that was forgotten."""
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "forget", lambda _: None)
        migrate_with(Tried.operations[:1])
    ResumingExecutor(connection).unapply_migration(ProjectState(), tried(Tried.operations[:1]))
    migrate_with(Tried.operations)
    assert "is_wide c" in what_there_is()


def test_migrate_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[type] = []

    def handle(self: object, *args: Any, **options: Any) -> None:
        used.append(djangos_migrate.MigrationExecutor)  # type: ignore[attr-defined]

    monkeypatch.setattr(djangos_migrate.Command, "handle", handle)
    migrate.Command().handle(plan=True)
    assert used == [ResumingExecutor]
    assert djangos_migrate.MigrationExecutor is not ResumingExecutor  # type: ignore[attr-defined]
