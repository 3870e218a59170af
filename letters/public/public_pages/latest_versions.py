"""The newest version of each letter that any process has shown: for one reader, versions only grow.

Each process keeps pages in memory, and one may know of a signature half a second before another. So a process says in
Valkey which version it is going to show, and waits until every other process must have looked there. With Valkey away
two processes can differ for as long as a page is kept without being compared.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import redis
from django.conf import settings

log = logging.getLogger(__name__)

KEY = "newest"
# A letter that nobody has read for so long is forgotten.
FORGOTTEN_AFTER_SECONDS = 24 * 60 * 60
# What Valkey said is good for so long, so that a popular page costs a hundred questions a second and not thousands.
REMEMBERED_SECONDS = 0.01
# While Valkey is away it is left alone for so long after each failure, that readers do not wait for it one by one.
CIRCUIT_OPEN_SECONDS = 5
MAX_REMEMBERED = 10_000

# The versions that the answer being made shows.
_shown: ContextVar[dict[int, int] | None] = ContextVar("shown", default=None)
# Of each letter: the newest version, and when Valkey was asked.
_remembered: dict[int, tuple[int, float]] = {}
_circuit_open_until = 0.0


@contextmanager
def collecting() -> Iterator[dict[int, int]]:
    """Whatever is read meanwhile for a public page notes the versions that the page will show."""
    shown: dict[int, int] = {}
    token = _shown.set(shown)
    try:
        yield shown
    finally:
        _shown.reset(token)


def show(letter_id: int, version: int) -> None:
    """The page that is being made shows this version."""
    shown = _shown.get()
    if shown is not None:
        shown[letter_id] = max(version, shown.get(letter_id, 0))


def newest(letter_ids: Iterable[int]) -> dict[int, int]:
    """The newest version of each that any process shows, as of a moment ago; none while Valkey is away."""
    ids, now = list(letter_ids), time.monotonic()
    # Race: the moment before the question counts, not that of the answer. See `announce`.
    unknown = [each for each in ids if now - _remembered.get(each, (0, -1.0))[1] > REMEMBERED_SECONDS]
    if unknown and now >= _circuit_open_until:
        try:
            scores = _valkey().zmscore(KEY, [str(each) for each in unknown])
        except (redis.RedisError, OSError) as error:
            _complain(error)
        else:
            if len(_remembered) > MAX_REMEMBERED:
                _remembered.clear()
            _remembered.update({each: (int(score or 0), now) for each, score in zip(unknown, scores, strict=True)})
    return {each: _remembered[each][0] for each in ids if each in _remembered}


def announce(versions: Mapping[int, int]) -> None:
    """Call it before showing these versions to anyone.

    Race: another process may have asked Valkey just before us, and go on showing what is older for as long as it
    remembers the answer. Nobody may have seen the new version from us before that time is over.
    """
    news = {pk: version for pk, version in versions.items() if version > _remembered.get(pk, (0, 0.0))[0]}
    if not news or time.monotonic() < _circuit_open_until:
        return
    try:
        pipeline = _valkey().pipeline(transaction=False)
        pipeline.zadd(KEY, {str(pk): version for pk, version in news.items()}, gt=True)
        pipeline.expire(KEY, FORGOTTEN_AFTER_SECONDS)
        pipeline.execute()
    except (redis.RedisError, OSError) as error:
        _complain(error)
        return
    time.sleep(REMEMBERED_SECONDS)


def forget() -> None:
    """Know nothing: for tests, each of which begins with letters of its own."""
    global _circuit_open_until  # noqa: PLW0603 -- one clock a process is what is wanted
    _remembered.clear()
    _circuit_open_until = 0.0


@cache
def _valkey() -> "redis.Redis":
    return redis.Redis.from_url(settings.VALKEY_URL, socket_connect_timeout=0.5, socket_timeout=0.5)


def _complain(error: Exception) -> None:
    global _circuit_open_until  # noqa: PLW0603
    _circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
    # Behind what nobody can ask about, no page would ever be.
    _remembered.clear()
    log.warning(
        "Valkey does not answer (%s): processes may show different versions for a moment.", type(error).__name__
    )
