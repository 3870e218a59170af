"""The clock sends the periodic tasks (letters/schedule.py): as a process, or as a thread of the one worker.

At most one clock of a site is at work. A second one waits, and takes over within seconds when the first has ended.
"""

import logging
import threading
from datetime import datetime
from functools import cache
from secrets import token_hex
from typing import Any

import redis
from celery import Celery, bootsteps
from celery.beat import PersistentScheduler

from letters.shared.valkey import client
from petition import heartbeats

log = logging.getLogger(__name__)

LEASE = "clock:lease"
# After a crash, nothing is sent for this long at most. Wake-ups do not need the clock.
LEASE_SECONDS = 10
# A waiting clock asks this often, and so does a thread that is told to stop.
PAUSE_SECONDS = 1.0
AFTER_A_FAILURE_SECONDS = 5.0

# Take or extend the lease if nobody else has it.
HOLD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class SoleScheduler(PersistentScheduler):
    """Celery's scheduler, which sends nothing while another clock is at work."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._token = token_hex(16)
        # When another clock was at work, by the clock of this machine.
        self._other_seen: datetime | None = None
        super().__init__(*args, **options)

    def tick(self, *args: Any, **options: Any) -> float:
        """Send what is due. Returns the seconds until the next look."""
        if not self._holds():
            self._other_seen = self.app.now()
            return PAUSE_SECONDS
        if self._other_seen:
            self._take_over(self._other_seen)
        self._go_back()
        wait: float = super().tick(*args, **options)
        return min(wait, LEASE_SECONDS / 3)

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send one task, and note that the clock is alive: it is, as long as the broker accepts what it sends."""
        result = super().apply_async(*args, **options)
        heartbeats.note([heartbeats.CLOCK])
        return result

    def close(self) -> None:
        try:
            _valkey().eval(RELEASE, 1, LEASE, self._token)
        except (redis.RedisError, OSError):
            log.info("The clock's lease could not be given back. It ends by itself.")
        super().close()

    def _holds(self) -> bool:
        try:
            return bool(_valkey().eval(HOLD, 1, LEASE, self._token, LEASE_SECONDS))
        except (redis.RedisError, OSError):
            # Tasks that are sent twice do no harm. Tasks that nobody sends would.
            return True

    def _take_over(self, since: datetime) -> None:
        """Leave out what the other clock has sent, and begin where it ended."""
        for entry in self.schedule.values():
            entry.last_run_at = since
        self._heap, self._other_seen = None, None

    def _go_back(self) -> None:
        """Go back with a clock that was set back. Otherwise nothing is sent until it has caught up, also after a
        restart, because the file keeps the times.
        """
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None


class Clock(bootsteps.StartStopStep):
    """The clock as a thread of a worker. Celery's own way, `worker --beat`, forks: that doubles the memory."""

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[worker.app], name="clock", daemon=True)
        self._thread.start()

    def stop(self, worker: Any) -> None:
        self._is_over.set()
        self._thread.join(AFTER_A_FAILURE_SECONDS)

    def _run(self, app: Celery) -> None:
        while not self._is_over.is_set():
            try:
                self._send_due(app)
            except Exception:
                log.exception("The clock failed, and starts again.")
                self._is_over.wait(AFTER_A_FAILURE_SECONDS)

    def _send_due(self, app: Celery) -> None:
        file = app.conf.beat_schedule_filename
        scheduler = SoleScheduler(app=app, schedule_filename=file, max_interval=PAUSE_SECONDS)
        try:
            while not self._is_over.is_set():
                self._is_over.wait(max(scheduler.tick(), 0))
                if scheduler.should_sync():
                    scheduler.sync()
        finally:
            scheduler.close()


@cache
def _valkey() -> "redis.Redis":
    return client()
