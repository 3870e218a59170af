"""An idle worker leaves the database alone."""

import time

import pytest
from django.db import connection

from letters.models import Letter
from tests.faults.conftest import nothing_is_owed
from tests.smtp import SmtpSink
from tests.stack import Parts, until

pytestmark = pytest.mark.django_db(transaction=True)

LOOK_FOR_SECONDS = 15
# Every five seconds, five sweeps run. None of them may open a connection.
MAX_A_MINUTE = 12


def sessions() -> int:
    """Return how many connections to this database there have been."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_an_idle_worker_does_not_connect_again_and_again(parts: Parts, letter: Letter, sink: SmtpSink) -> None:
    parts.start_worker()
    parts.start_clock()
    web = parts.start_web()
    assert web.sign(letter.slug, "ada@example.org").status == 303
    until(nothing_is_owed)
    # By now, both processes of the worker have run a task.
    time.sleep(6)
    before = sessions()
    time.sleep(LOOK_FOR_SECONDS)
    assert (sessions() - before) * 60 / LOOK_FOR_SECONDS < MAX_A_MINUTE
