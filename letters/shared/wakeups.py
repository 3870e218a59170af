"""Wake workers. At most one wake-up for each piece of work is in the queue, however many people cause it.

The message says only that there is work; the work itself is in the database. So a lost broker loses nothing, and a
sweep (letters/schedule.py) finds work that no wake-up announced.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
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

_circuit_open_until = 0.0


def wake(task: str, *args: int, queue: str, after: float = 0) -> None:
    """Send `task` unless it is on its way already. Call after commit. Never raises: the sweep is the safety net."""
    if time.monotonic() < _circuit_open_until:
        return
    try:
        is_news = _valkey().set(_key(task, args), 1, nx=True, ex=FORGOTTEN_AFTER_SECONDS)
    except (redis.RedisError, OSError) as error:
        _complain("Valkey", error)
        return
    if is_news:
        _send(task, args, queue, after)


def _send(task: str, args: Sequence[int], queue: str, after: float) -> None:
    try:
        # RabbitMQ delays by whole seconds, and a worker would keep a shorter delay from other messages of its queue.
        countdown = ceil(after) if settings.QUORUM_QUEUES else after
        current_app.send_task(task, args=args, queue=queue, countdown=countdown or None)
    except (redis.RedisError, KombuError, CeleryError, OSError) as error:
        _complain("The broker", error)
        with suppress(redis.RedisError, OSError):
            # The task was not sent after all. The next caller sends it once the broker is back.
            _valkey().delete(_key(task, args))


def notify_mail_worker() -> None:
    """Wake the worker for email that a person waits for."""
    wake("letters.deliver", queue="confirmations")


def notify_bulk_mail_worker() -> None:
    """Wake the worker for bulk email."""
    wake("letters.deliver_bulk", queue="bulk")


def wake_spreader() -> None:
    """Wake the worker that creates and drops the emails of an update."""
    wake("letters.spread_update", queue="bulk")


def wake_sequencer(letter_id: int) -> None:
    """Wake the sequencer for one letter."""
    wake("letters.sequence", letter_id, queue="publishing", after=GATHER_SECONDS)


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
