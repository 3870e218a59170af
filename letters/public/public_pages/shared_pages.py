"""Share public pages between all processes through Valkey, so that each version is rendered and compressed once.

A process that has no copy of a page, or an older one, finds it here. It still asks the view whether the page is
current, so a page from here never stands in for a newer one. While the database is down, readers get it as it is, on
every web server, for as long as a process would show its own copy.

Security: each page is signed with SECRET_KEY, so someone who can write to Valkey cannot change what readers see.
Privacy: these are pages that everyone may read, and Valkey drops them when the memory of a process does.
"""

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings

from letters.shared.valkey import client

log = logging.getLogger(__name__)

PREFIX = "page"
# Denial of service: someone who asks for every page of a long list overwrites others, and does not fill Valkey.
SLOTS = 2048
MAX_SHARED_BYTES = 64 * 1024
DIGEST_BYTES = 32
# After a failure, Valkey is not asked for this long. Otherwise each reader would wait for it.
CIRCUIT_OPEN_SECONDS = 5

Result = TypeVar("Result")
_circuit_open_until = 0.0


@dataclass(frozen=True)
class SharedPage:
    """A page as another process has rendered it."""

    compressed: bytes
    headers: Mapping[str, str]
    etag: str
    versions: Mapping[int, int]
    # The time since the view was last asked about it.
    age: float


def share(key: str, page: SharedPage, *, release: str, seconds: int) -> None:
    """Offer a page to the other processes for so many seconds. `release` is a mark of the program's code."""
    if len(page.compressed) > MAX_SHARED_BYTES:
        # Privacy: an older version of it, with a name that has left since, must not stay in its place.
        take_back(key)
        return
    about: dict[str, object] = {"key": key, "etag": page.etag, "until": int(time.time()) + seconds}
    about |= {"headers": dict(page.headers), "versions": dict(page.versions)}
    content = b"\n".join([json.dumps(about).encode(), page.compressed])
    signed = _digest(release, content) + content

    def put(valkey: "redis.Redis") -> None:
        pipeline = valkey.pipeline(transaction=True)
        pipeline.hset(_slot(key), mapping={"mark": _mark(key, page.etag), "page": signed})
        pipeline.pexpire(_slot(key), 1000 * seconds)
        pipeline.execute()

    _ask(put, otherwise=None)


def find(key: str, *, unless: str, release: str, seconds: int) -> SharedPage | None:
    """Return the page that another process has offered; None if its ETag is `unless`, or if Valkey has none."""

    def get(valkey: "redis.Redis") -> tuple[bytes, int] | None:
        mark = valkey.hget(_slot(key), "mark")
        if mark is None or mark == _mark(key, unless).encode():
            return None
        pipeline = valkey.pipeline(transaction=True)
        pipeline.hget(_slot(key), "page")
        pipeline.pttl(_slot(key))
        signed, left = pipeline.execute()
        return (bytes(signed or b""), int(left)) if signed else None

    found = _ask(get, otherwise=None)
    if found is None:
        return None
    signed, left = found
    digest, content = signed[:DIGEST_BYTES], signed[DIGEST_BYTES:]
    if not hmac.compare_digest(digest, _digest(release, content)):
        return None
    head, _, compressed = content.partition(b"\n")
    about = json.loads(head)
    # Security: someone who can write to Valkey could put back a page that names who has left since.
    if about["key"] != key or about["until"] < time.time():
        return None
    versions = {int(pk): version for pk, version in about["versions"].items()}
    return SharedPage(compressed, about["headers"], about["etag"], versions, max(0.0, seconds - left / 1000))


def take_back(key: str) -> None:
    """Drop a page that exists no longer, so that no process shows it while the database is down."""
    _ask(lambda valkey: valkey.delete(_slot(key)), otherwise=0)


def forget() -> None:
    """Ask Valkey again at once. Only tests need this."""
    global _circuit_open_until  # noqa: PLW0603 -- one clock a process is what is wanted
    _circuit_open_until = 0.0


def _slot(key: str) -> str:
    return f"{PREFIX}:{int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % SLOTS}"


def _mark(key: str, etag: str) -> str:
    """Return a short mark of a page, so that a process reads only pages that it does not have."""
    return hashlib.sha256(f"{key}\0{etag}".encode()).hexdigest()


def _digest(release: str, content: bytes) -> bytes:
    message = b"\0".join([b"shared page", release.encode(), content])
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


def _ask(question: Callable[["redis.Redis"], Result], *, otherwise: Result) -> Result:
    global _circuit_open_until  # noqa: PLW0603
    if time.monotonic() < _circuit_open_until:
        return otherwise
    try:
        return question(_valkey())
    except (redis.RedisError, OSError) as error:
        _circuit_open_until = time.monotonic() + CIRCUIT_OPEN_SECONDS
        log.warning("Valkey does not answer (%s): each process renders pages itself.", type(error).__name__)
        return otherwise


@cache
def _valkey() -> "redis.Redis":
    return client()
