"""Keep a worker's claim on its emails while it is alive and makes progress, and not much longer.

The lease is short, so that another worker soon sends the emails of a killed one. A thread extends it while the batch is
sent. Race: without that, a slow mail server would let another worker send the same emails.
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

# A worker that spends longer than this on one email must be stuck, so others may take over. Every SMTP step ends after
# EMAIL_TIMEOUT.
MAX_MAIL_SECONDS = 300


class Lease:
    """Use `with Lease(batch, clock) as held:`. Results must be stored under `held.noting`.

    Race: a result is stored only if the lease is still the one that was claimed, and the thread extends it.
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
        """Begin with the next email. Returns whether it is still ours: a suspended worker may have lost it."""
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
            # The next round tries again before the lease expires.
            log.warning("A lease could not be renewed: %s", type(failure).__name__)
            connection.close()
