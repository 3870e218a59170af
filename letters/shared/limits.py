"""Count in Valkey how often something is done, with the library `limits`. A window begins with the first event.

While Valkey is unavailable, nothing is counted and nobody is refused: a lost signature is worse than one too many.
Privacy: people are stored only as a keyed hash, whose salt exists in Valkey alone and expires after a day.
"""

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from itertools import chain
from math import ceil
from typing import TypeVar, cast

import redis
from django.conf import settings
from limits import RateLimitItem
from limits.storage import RedisStorage

from letters.shared.refused import Refusal, Refused
from letters.shared.valkey import pool_for

log = logging.getLogger(__name__)

PREFIX = "limit"
# This script does for each key what the library's own (SCRIPT_INCR_EXPIRE) does for one: it increments a counter and,
# for a new counter, starts the window. It gets a window and an amount for each key.
ADD = """
local counts = {}
for i, key in ipairs(KEYS) do
    local amount = tonumber(ARGV[2 * i])
    counts[i] = redis.call('INCRBY', key, amount)
    if counts[i] == amount then redis.call('EXPIRE', key, ARGV[2 * i - 1]) end
end
return counts
"""
# This script counts. Above the rate, it assigns the slot after the last one, and returns the milliseconds until then.
TAKE_PLACE = """
local number = redis.call('INCRBY', KEYS[1], 1)
if number == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
if number <= tonumber(ARGV[2]) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local place = math.max(now, tonumber(redis.call('GET', KEYS[2]) or '0')) + tonumber(ARGV[3])
redis.call('SET', KEYS[2], string.format('%.0f', place), 'PX', math.floor(place - now + ARGV[3]))
return math.floor(place - now)
"""
SALT_KEY = f"{PREFIX}:salt"
SALT_SECONDS = 24 * 60 * 60
# After a failure, Valkey is not asked for this long. Otherwise each signer would wait for it.
CIRCUIT_OPEN_SECONDS = 5

Result = TypeVar("Result")

_circuit_open_until = 0.0
_is_away = False


@dataclass(frozen=True)
class Limit:
    """A `rate` at which something (`what`) is allowed for one network, address hash or letter (`whose`)."""

    what: str
    whose: str
    rate: RateLimitItem


class TooMany(Refused):
    """A hard limit is exceeded. `code` says which limit, for example MANY_REQUESTS."""

    def __init__(self, code: Refusal, *, seconds: int) -> None:
        super().__init__(code)
        # The time until the next attempt is allowed.
        self.seconds = seconds


def count(limits: Iterable[Limit], *, or_fail: bool = False) -> set[Limit]:
    """Count each limit once, in one round trip, and return those that are exceeded now; none without Valkey.

    Security: with `or_fail`, raise redis.RedisError instead, so that nobody can guess passwords or codes without a
    limit.
    """
    times = _count_or_fail(list(limits)) if or_fail else count_times(limits)
    return {limit for limit, number in times.items() if number > limit.rate.amount}


def _count_or_fail(counted: list[Limit]) -> dict[Limit, int]:
    return dict(zip(counted, _add(_storage(settings.VALKEY_URL), counted, [1] * len(counted)), strict=True))


def count_times(limits: Iterable[Limit]) -> dict[Limit, int]:
    """Count each limit once, and return the counts; 0 without Valkey."""
    counted = list(limits)
    return dict(zip(counted, add(counted, [1] * len(counted)), strict=True))


def add(limits: list[Limit], amounts: list[int]) -> list[int]:
    """Add these amounts in one round trip, and return the counts; 0 without Valkey."""
    return _ask(lambda storage: _add(storage, limits, amounts), otherwise=[0] * len(limits))


def take_places(limits: list[Limit], *, apart: float) -> list[timedelta]:
    """Assign a slot for each limit: immediately up to its rate, then `apart` seconds after the previous slot.

    Return how long to wait for each slot; without Valkey, no time. The clock is Valkey's, which all processes share.
    """

    def ask(storage: RedisStorage) -> list[int]:
        pipeline = _pipeline(storage)
        for limit in limits:
            key = storage.prefixed_key(_key(storage, limit))
            values = [limit.rate.get_expiry(), limit.rate.amount, round(apart * 1000)]
            pipeline.eval(TAKE_PLACE, 2, key, f"{key}/last", *values)
        return [int(pause) for pause in pipeline.execute()]

    pauses = _ask(ask, otherwise=[0] * len(limits)) if limits else []
    return [timedelta(milliseconds=pause) for pause in pauses]


def is_used_up(limit: Limit) -> bool:
    """Return whether one more would exceed the limit. Counts nothing."""
    return _ask(lambda storage: storage.get(_key(storage, limit)), otherwise=0) >= limit.rate.amount


def give_back(limits: Iterable[Limit]) -> None:
    """Subtract what was counted for something that was not done after all."""
    counted = list(limits)
    add(counted, [-1] * len(counted))


def seconds_left(limit: Limit) -> int:
    """Return the seconds until the limit allows another attempt; at least one."""
    free_at = _ask(lambda storage: storage.get_expiry(_key(storage, limit)), otherwise=0.0)
    return max(1, ceil(free_at - time.time()))


def _add(storage: RedisStorage, limits: list[Limit], amounts: list[int]) -> list[int]:
    """Do what FixedWindowRateLimiter.hit does, but for all limits in one round trip."""
    keys = [storage.prefixed_key(_key(storage, limit)) for limit in limits]
    windows = [limit.rate.get_expiry() for limit in limits]
    # Valkey gets the hash of the script. If it does not know the script, it was restarted and is sent the whole one.
    script = cast("redis.Redis", storage.get_connection()).register_script(ADD)
    return [int(number) for number in script(keys, chain.from_iterable(zip(windows, amounts, strict=True)))]


def _key(storage: RedisStorage, limit: Limit) -> str:
    salt = _salt(storage, int(time.monotonic() // 60))
    message = b":".join([salt, limit.what.encode(), limit.whose.encode()])
    return limit.rate.key_for(limit.what, hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:32])


@lru_cache(maxsize=2)
def _salt(storage: RedisStorage, minute: int) -> bytes:
    """Return the salt of the day. The first process that needs it creates it; all processes read it once a minute."""
    fresh = secrets.token_hex(32).encode()
    pipeline = _pipeline(storage)
    pipeline.set(SALT_KEY, fresh, nx=True, ex=SALT_SECONDS)
    pipeline.get(SALT_KEY)
    return bytes(pipeline.execute()[1] or fresh)


def _pipeline(storage: RedisStorage) -> "redis.client.Pipeline":
    return cast("redis.Redis", storage.get_connection()).pipeline(transaction=False)


def _ask(question: Callable[[RedisStorage], Result], *, otherwise: Result) -> Result:
    global _is_away  # noqa: PLW0603 -- each process needs one state
    if time.monotonic() < _circuit_open_until:
        return otherwise
    try:
        answer = question(_storage(settings.VALKEY_URL))
    except (redis.RedisError, OSError) as error:
        _complain(error)
        return otherwise
    _is_away = False
    return answer


@cache
def _storage(url: str) -> RedisStorage:
    pool = pool_for(url, socket_connect_timeout=0.5, socket_timeout=0.5)
    # The library asks the address only for its scheme.
    return RedisStorage("redis://", connection_pool=pool, key_prefix=PREFIX)


def _complain(error: Exception) -> None:
    """Log once for each outage of Valkey, not at every signing."""
    global _circuit_open_until, _is_away  # noqa: PLW0603
    _circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
    if not _is_away:
        log.warning("Valkey does not answer (%s): signing continues without limits.", type(error).__name__)
    _is_away = True
