"""When each part was last heard of: a worker of each queue, and the clock. Noted in Valkey, by its clock alone."""

import time
from collections.abc import Iterable
from functools import cache

import redis
from django.conf import settings

NOTED_EVERY_SECONDS = 5
FORGOTTEN_AFTER_SECONDS = 600
CLOCK = "clock"

_next_note = 0.0


def note(parts: Iterable[str]) -> None:
    """This process does the work of these parts, and is well. Never raises, and costs nothing when called often."""
    global _next_note  # noqa: PLW0603 -- one clock a process is what is wanted
    if time.monotonic() < _next_note:
        return
    _next_note = time.monotonic() + NOTED_EVERY_SECONDS
    try:
        pipeline = _valkey().pipeline(transaction=False)
        for part in parts:
            pipeline.set(_key(part), 1, ex=FORGOTTEN_AFTER_SECONDS)
        pipeline.execute()
    except (redis.RedisError, OSError):
        return  # Nobody has been heard of, then; that is what is shown.


def seconds_since(parts: Iterable[str]) -> dict[str, float | None]:
    """None for a part that has not been heard of. Raises redis.RedisError."""
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
    return redis.Redis.from_url(settings.VALKEY_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
