"""Wake workers. At most one wake-up for each piece of work is in the queue, however many people cause it.

The message says only that there is work; the work itself is in the database. So a lost broker loses nothing, and a
sweep (letters/schedule.py) finds work that no wake-up announced.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from math import ceil

import redis
from celery import current_app
from celery.exceptions import CeleryError
from django.conf import settings
from kombu.exceptions import KombuError

from letters.shared.valkey import client

log = logging.getLogger(__name__)

# A wake-up that was lost with its worker blocks the next ones for this long.
FORGOTTEN_AFTER_SECONDS = 10
# After a failure, Valkey and the broker are not asked for this long. Otherwise each signer would wait for them.
CIRCUIT_OPEN_SECONDS = 5

# The sequencer waits this long for more confirmations. So a letter is numbered about once a second, however many people
# confirm, and a signer sees the number soon after (SEEN_WITHIN_SECONDS in public/public_pages/caching.py).
GATHER_SECONDS = 0.5
# This script notes for each key that its wake-up is on its way, and returns which of them are news.
NOTE = """
local news = {}
for i, key in ipairs(KEYS) do news[i] = redis.call('SET', key, 1, 'NX', 'EX', ARGV[1]) and 1 or 0 end
return news
"""

_circuit_open_until = 0.0


@dataclass(frozen=True)
class WakeUp:
    """A message that there is work for a task. A worker gets it `after` so many seconds."""

    task: str
    args: tuple[int, ...]
    queue: str
    after: float = 0

    @property
    def key(self) -> str:
        return _key(self.task, self.args)


def wake(task: str, *args: int, queue: str) -> None:
    """Send `task` unless it is on its way already. Call after commit. Never raises: the sweep is the safety net."""
    _wake(WakeUp(task, args, queue))


def _wake(*wake_ups: WakeUp) -> None:
    """Ask Valkey in one round trip which of them are on their way, and send the others."""
    if time.monotonic() < _circuit_open_until:
        return
    try:
        news = _valkey().register_script(NOTE)([wake_up.key for wake_up in wake_ups], [FORGOTTEN_AFTER_SECONDS])
    except (redis.RedisError, OSError) as error:
        _complain("Valkey", error)
        return
    unsent = [wake_up for wake_up, is_news in zip(wake_ups, news, strict=True) if is_news]
    try:
        while unsent:
            _send(unsent[0])
            unsent.pop(0)
    except (redis.RedisError, KombuError, CeleryError, OSError) as error:
        _complain("The broker", error)
        with suppress(redis.RedisError, OSError):
            # These tasks were not sent after all. The next caller sends them once the broker is back.
            _valkey().delete(*(wake_up.key for wake_up in unsent))


def _send(wake_up: WakeUp) -> None:
    # RabbitMQ delays by whole seconds, and a worker would keep a shorter delay from other messages of its queue.
    delay = ceil(wake_up.after) if settings.QUORUM_QUEUES else wake_up.after
    current_app.send_task(wake_up.task, args=wake_up.args, queue=wake_up.queue, countdown=delay or None)


MAIL = WakeUp("letters.deliver", (), "confirmations")


def _sequencing(letter_id: int) -> WakeUp:
    return WakeUp("letters.sequence", (letter_id,), "publishing", after=GATHER_SECONDS)


def notify_mail_worker() -> None:
    """Wake the worker for email that a person waits for."""
    _wake(MAIL)


def notify_bulk_mail_worker() -> None:
    """Wake the worker for bulk email."""
    wake("letters.deliver_bulk", queue="bulk")


def wake_spreader() -> None:
    """Wake the worker that creates and drops the emails of an update."""
    wake("letters.spread_update", queue="bulk")


def wake_sequencer(letter_id: int) -> None:
    """Wake the sequencer for one letter."""
    _wake(_sequencing(letter_id))


def notify_of_confirmation(letter_id: int) -> None:
    """Wake the worker that thanks the signer, and the sequencer for their letter."""
    _wake(MAIL, _sequencing(letter_id))


def awake(task: str, *args: int) -> None:
    """Note that `task` has started.

    Race: call this before looking for work, so that later commits send a new wake-up.
    """
    try:
        _valkey().delete(_key(task, args))
    except redis.RedisError as error:
        _complain("Valkey", error)


def _key(task: str, args: Sequence[int]) -> str:
    return ":".join(["wakeup", task, *map(str, args)])


@cache
def _valkey() -> "redis.Redis":
    return client(seconds_to_connect=1, seconds=2)


def _complain(part: str, error: Exception) -> None:
    global _circuit_open_until  # noqa: PLW0603 -- each process needs one clock
    _circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
    log.warning(
        "%s does not answer (%s): no worker was notified. The next sweep finds the work.", part, type(error).__name__
    )
