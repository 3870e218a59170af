"""A worker is killed while it writes a file: another one starts it again, once, and nothing is left on the disk."""

from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection, transaction

from letters.models import Export, Letter, User
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.exports.tasks import tidy_exports
from tests.exports.stored import content_of
from tests.people import NOW, add_published, in_threads
from tests.stack import Part, Parts, until

pytestmark = pytest.mark.django_db(transaction=True)

CSV = Wanted(Export.Kind.SIGNATURES, Export.Format.CSV)


def test_another_worker_continues_if_one_is_killed_in_the_middle_of_a_file(
    letter: Letter, organizer: User, worker: Part, parts: Parts
) -> None:
    add_published(letter, 3)
    with transaction.atomic(), connection.cursor() as cursor:
        # The worker can claim the export and open the file, and then waits for the signatures.
        cursor.execute("LOCK TABLE letters_signature IN ACCESS EXCLUSIVE MODE")
        in_threads(lambda _: ask_export(letter, wanted=CSV, by=organizer, now=NOW), [0], threads=1)
        until(lambda: Export.objects.get().attempts == 1 and files())
        worker.kill()
    # Pretend that its lease has ended.
    Export.objects.update(next_attempt_at=NOW)
    parts.start_worker()
    until(is_made)
    export = Export.objects.get()
    assert (export.attempts, export.rows) == (2, 3)
    tidy_exports(now=NOW)
    assert files() == []
    assert content_of(export).count(b"\n") == 4


def is_made() -> bool:
    current_app.send_task("letters.export", queue="exports", expires=5)
    return Export.objects.get().finished_at is not None


def files() -> list[str]:
    folder = Path(settings.EXPORTS_DIR)
    return [path.name for path in folder.iterdir()] if folder.exists() else []
