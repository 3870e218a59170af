"""Share the newest version of each letter that any process has shown, so that no reader sees an older one later.

Each process keeps pages in memory, and one may know of a signature half a second before another. So a process announces
in Valkey which version it is going to show, and waits until every other process has had to look there. While Valkey is
down, two processes can show different versions for as long as they keep a page without asking the view.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import redis

from letters.shared.valkey import client

log = logging.getLogger(__name__)

KEY = "newest"
# Valkey forgets all versions if no process has announced one for this long.
FORGOTTEN_AFTER_SECONDS = 24 * 60 * 60
# A process relies on a reply from Valkey for this long, so that a popular page causes a hundred requests to Valkey a
# second, not thousands.
REMEMBERED_SECONDS = 0.01
# After a failure, Valkey is not asked for this long. Otherwise each reader would wait for it.
CIRCUIT_OPEN_SECONDS = 5
MAX_REMEMBERED = 10_000

# The versions of letters on the page that is being rendered.
_shown: ContextVar[dict[int, int] | None] = ContextVar("shown", default=None)
# For each letter: the newest version, and when Valkey was asked.
_remembered: dict[int, tuple[int, float]] = {}
_circuit_open_until = 0.0


@contextmanager
def collecting() -> Iterator[dict[int, int]]:
    """Collect the versions of all letters that are read for a public page inside this context."""
    shown: dict[int, int] = {}
    token = _shown.set(shown)
    try:
        yield shown
    finally:
        _shown.reset(token)


def note_shown(letter_id: int, version: int) -> None:
    """Note that the page that is being rendered shows this version."""
    shown = _shown.get()
    if shown is not None:
        shown[letter_id] = max(version, shown.get(letter_id, 0))


def newest(letter_ids: Iterable[int]) -> dict[int, int]:
    """Return the newest version of each letter that any process shows, as of a moment ago; none if Valkey is down."""
    ids, now = list(letter_ids), time.monotonic()
    # Race: a reply's age counts from before the request, not from its arrival. See `announce`.
    unknown = [each for each in ids if now - _remembered.get(each, (0, -1.0))[1] > REMEMBERED_SECONDS]
    if unknown and now >= _circuit_open_until:
        try:
            scores = _valkey().zmscore(KEY, [str(each) for each in unknown])
        except (redis.RedisError, OSError) as error:
            _open_circuit(error)
        else:
            if len(_remembered) > MAX_REMEMBERED:
                _remembered.clear()
            _remembered.update({each: (int(score or 0), now) for each, score in zip(unknown, scores, strict=True)})
    return {each: _remembered[each][0] for each in ids if each in _remembered}


def announce(versions: Mapping[int, int]) -> None:
    """Tell all processes that this one is going to show these versions. Call it before anyone sees them.

    Race: another process may have asked Valkey just before us, and it serves older pages for as long as it remembers
    the reply. This call waits for that long, so that nobody sees our new version and then their older one.
    """
    unannounced = {pk: version for pk, version in versions.items() if version > _remembered.get(pk, (0, 0.0))[0]}
    if not unannounced or time.monotonic() < _circuit_open_until:
        return
    try:
        pipeline = _valkey().pipeline(transaction=False)
        pipeline.zadd(KEY, {str(pk): version for pk, version in unannounced.items()}, gt=True)
        pipeline.expire(KEY, FORGOTTEN_AFTER_SECONDS)
        pipeline.execute()
    except (redis.RedisError, OSError) as error:
        _open_circuit(error)
        return
    time.sleep(REMEMBERED_SECONDS)


def forget() -> None:
    """Forget all versions. Only tests need this, because each of them creates its own letters."""
    global _circuit_open_until  # noqa: PLW0603 -- one clock a process is what is wanted
    _remembered.clear()
    _circuit_open_until = 0.0


@cache
def _valkey() -> "redis.Redis":
    return client()


def _open_circuit(error: Exception) -> None:
    global _circuit_open_until  # noqa: PLW0603
    _circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
    # While nobody can refresh these versions, pages are not compared with them.
    _remembered.clear()
    log.warning(
        "Valkey does not answer (%s): processes may show different versions for a moment.", type(error).__name__
    )
