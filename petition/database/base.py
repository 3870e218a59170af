"""A circuit breaker for new connections, so that readers do not wait while the database is unavailable.

A web process has few threads. Without this, each form sent during an outage would hold a thread for as long as the pool
waits, and cached pages could not be served.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection as default
from django.db.backends.postgresql import base
from psycopg import _queries

# After a failure, no thread tries for this long. Then one thread tries, and the others fail at once until it has an
# answer.
CIRCUIT_OPEN_SECONDS = 5
# Performance: psycopg finds the parameters of a statement each time anew if the statement is longer than this. Ours for
# signing and confirming are, by a little, and that took a tenth of the processor time of a signing.
_queries.MAX_CACHED_STATEMENT_LENGTH = 8192
# In the web server, a request waits this long for a connection, and other requests for its thread.
PATIENCE_SECONDS = 2


class Breaker:
    def __init__(self) -> None:
        self.is_used = False
        self.circuit_open_until = 0.0
        self.has_failed = False
        self.asking = threading.Lock()

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Raise OperationalError at once if another attempt would be useless."""
        is_probe = self.has_failed
        if time.monotonic() < self.circuit_open_until or (is_probe and not self.asking.acquire(blocking=False)):
            raise psycopg.OperationalError("The database did not answer a moment ago. We wait before we ask it again.")
        try:
            yield
        except psycopg.OperationalError:
            self.has_failed, self.circuit_open_until = True, time.monotonic() + CIRCUIT_OPEN_SECONDS
            raise
        else:
            self.has_failed = False
        finally:
            if is_probe:
                self.asking.release()


breaker = Breaker()


def protect_threads() -> None:
    """Activate the breaker, for the web server. A worker can wait for a database that is restarting."""
    breaker.is_used = True
    default.settings_dict["OPTIONS"]["pool"]["timeout"] = PATIENCE_SECONDS


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not breaker.is_used:
            return super().get_new_connection(conn_params)
        with breaker.guarding():
            return super().get_new_connection(conn_params)
