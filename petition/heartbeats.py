"""Record when each part was last alive: a worker of each queue, and the clock. Stored in Valkey, by Valkey's clock."""

import time
from collections.abc import Iterable
from functools import cache

import redis

from letters.shared.valkey import client

NOTED_EVERY_SECONDS = 5
FORGOTTEN_AFTER_SECONDS = 600
CLOCK = "clock"

# When each group of parts is noted next. One process may be a worker and the clock.
_next_notes: dict[tuple[str, ...], float] = {}


def note(parts: Iterable[str]) -> None:
    """Note that this process does the work of these parts. Never raises, and is cheap when called often."""
    group = tuple(parts)
    if time.monotonic() < _next_notes.get(group, 0.0):
        return
    _next_notes[group] = time.monotonic() + NOTED_EVERY_SECONDS
    try:
        pipeline = _valkey().pipeline(transaction=False)
        for part in group:
            pipeline.set(_key(part), 1, ex=FORGOTTEN_AFTER_SECONDS)
        pipeline.execute()
    except (redis.RedisError, OSError):
        return  # Nothing is recorded, so the health check shows a failure.


def seconds_since(parts: Iterable[str]) -> dict[str, float | None]:
    """Return the seconds since each part was alive, or None. Raises redis.RedisError."""
    names = list(parts)
    pipeline = _valkey().pipeline(transaction=False)
    for name in names:
        pipeline.pttl(_key(name))
    left = pipeline.execute()
    return {
        name: FORGOTTEN_AFTER_SECONDS - each / 1000 if each >= 0 else None
        for name, each in zip(names, left, strict=True)
    }


def worker_of(queue: str) -> str:
    return f"worker of {queue}"


def _key(part: str) -> str:
    return f"seen:{part}"


@cache
def _valkey() -> "redis.Redis":
    return client()
