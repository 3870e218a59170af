"""Real parts with the test's own database: a worker, a clock, a web server, and a mail server that can fail.

Parts take seconds to start, so those of one file are kept between tests, until a test kills them.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from celery import current_app
from django.db import OperationalError, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models import F
from psycopg.errors import DeadlockDetected

from letters.models import HoldFrom, Letter, OutgoingEmail
from letters.schedule import SWEEP_SECONDS
from petition.embedded import free_port
from tests.conftest import LetterMaker
from tests.people import Signer
from tests.smtp import SmtpSink
from tests.stack import Part, Parts, until

TRIES = 5

PEOPLE = ["ada@example.org", "berta@example.org", "carlo@example.org"]


@pytest.fixture(scope="session", autouse=True)
def _empty_tables_while_parts_run() -> Iterator[None]:
    """Race: a part that is still reading takes locks in another order than TRUNCATE, and
    PostgreSQL kills one of the two.
    """
    empty = DatabaseOperations.execute_sql_flush

    def try_again(self: DatabaseOperations, statements: list[str]) -> None:
        for last in [False] * (TRIES - 1) + [True]:
            try:
                return empty(self, statements)
            except OperationalError as error:
                if last or not isinstance(error.__cause__, DeadlockDetected):
                    raise
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", try_again)
        yield


@pytest.fixture
def published(published: LetterMaker) -> LetterMaker:
    """Create letters that publish whatever is confirmed.

    The people of these tests sign within seconds of each other, from one domain, as only programs do.
    """

    def make(slug: str = "night-trains", **values: Any) -> Letter:
        return published(slug, **{"hold_from": HoldFrom.NEVER, **values})

    return make


@pytest.fixture(scope="module")
def mail_port() -> int:
    return free_port()


@pytest.fixture
def sink(mail_port: int) -> Iterator[SmtpSink]:
    with SmtpSink(mail_port) as sink:
        yield sink


@pytest.fixture(scope="module")
def patience() -> dict[str, str]:
    """Short timeouts for the parts of a file."""
    return {"MAIL_LEASE_SECONDS": "2", "MAIL_RETRY_SECONDS": "1"}


@pytest.fixture(scope="module")
def parts(
    django_db_setup: None, mail_port: int, patience: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    """The parts of a site with the Valkey of all tests, and a mail server that answers as the test wishes."""
    parts = Parts(tmp_path_factory.mktemp("parts"), EMAIL_URL=f"smtp://127.0.0.1:{mail_port}", **patience)
    yield parts
    parts.stop()
    # pytest shows this if a test fails.
    sys.stderr.write(parts.output)


@pytest.fixture
def worker(transactional_db: None, valkey: "redis.Redis", parts: Parts) -> Part:
    """The worker from the previous test if it still runs, otherwise a new one."""
    running = [part for part in parts.started if part.process.poll() is None]
    return running[0] if running else parts.start_worker()


@pytest.fixture
def all_sign(letter: Letter, signer: Signer, worker: Part) -> Callable[[], None]:
    """Let three people sign at once. Three emails are then due, and one wake-up makes the worker claim them."""

    def sign() -> None:
        with transaction.atomic():
            for place, email in enumerate(PEOPLE):
                assert signer.sign(letter, email=email).status_code == 303
                # Emails of one transaction are due at the same moment. These leave in the order of PEOPLE.
                newest = OutgoingEmail.objects.filter(pk=OutgoingEmail.objects.latest("pk").pk)
                newest.update(next_attempt_at=F("next_attempt_at") - timedelta(seconds=len(PEOPLE) - place))

    return sign


def until_nothing_is_owed() -> None:
    """Sweep more often than the clock does, so that no test waits five seconds."""

    def look_again() -> bool:
        start_sweep()
        return nothing_is_owed()

    until(look_again)


def start_sweep() -> None:
    """Send the tasks that the clock sends."""
    current_app.send_task("letters.deliver", queue="confirmations", expires=SWEEP_SECONDS)


def nothing_is_owed() -> bool:
    return not OutgoingEmail.objects.owed().exists()
