"""The time of the database's clock, on which all workers agree.

Race: two workers with different clocks would each consider the other's lease expired, and send an email twice.
"""

import time
from datetime import datetime, timedelta

from letters.shared.sql import fetch_one


class DatabaseClock:
    """Reads the database's clock once. Afterwards it uses this machine's monotonic clock, which nobody can set."""

    def __init__(self) -> None:
        self._began = database_now()
        self._count = time.monotonic()

    def now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._count)


def database_now() -> datetime:
    moment: datetime
    (moment,) = fetch_one("SELECT clock_timestamp()")
    return moment
