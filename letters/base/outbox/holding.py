"""A worker keeps what it has claimed for as long as it lives and gets on, and not much longer.

The lease is short, so that the emails of a killed worker are soon sent by another. A thread moves it on while the batch
is being sent. Race: without that, a mail server that takes its time would let another worker send the same emails.
"""

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import Error, connection

from letters.base.outbox.operations import renew_claims
from letters.models import OutgoingEmail
from letters.shared.clock import DatabaseClock

log = logging.getLogger(__name__)

# A worker that spends longer than this on one email hangs: others may take over. Every step of SMTP has EMAIL_TIMEOUT.
MAX_MAIL_SECONDS = 300


class Holding:
    """`with Holding(batch, clock) as held:`. Whoever notes a result does it under `held.noting`.

    Race: a result is noted only if the lease is still the one that was claimed, and the thread moves it on.
    """

    def __init__(self, batch: list[OutgoingEmail], clock: DatabaseClock) -> None:
        self.clock = clock
        self.noting = threading.Lock()
        self._batch = batch
        self._is_over = threading.Event()
        self._moved_at = time.monotonic()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()

    def begin(self, outgoing: OutgoingEmail) -> bool:
        """The next email is to be sent. Whether it is still ours: a worker that was suspended may have lost it."""
        self._moved_at = time.monotonic()
        with self.noting:
            return outgoing.next_attempt_at > self.clock.now()

    def _keep(self) -> None:
        try:
            while not self._is_over.wait(settings.MAIL_LEASE_SECONDS / 3):
                if time.monotonic() - self._moved_at < MAX_MAIL_SECONDS:
                    self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            with self.noting:
                renew_claims(self._batch, now=self.clock.now())
        except Error as failure:
            # The next turn tries again, before the lease is over.
            log.warning("A lease could not be renewed: %s", type(failure).__name__)
            connection.close()
