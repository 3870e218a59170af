"""The time by the database's clock, on which all workers agree.

Race: two workers whose own clocks differ would each take the other's lease to be over, and send an email twice.
"""

import time
from datetime import datetime, timedelta

from django.db import connection


class DatabaseClock:
    """Read once from the database. From then on it runs by this machine's count of seconds, which nobody can set."""

    def __init__(self) -> None:
        self._began = database_now()
        self._count = time.monotonic()

    def now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._count)


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
