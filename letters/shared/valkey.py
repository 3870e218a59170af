"""Connect to Valkey: to one server, or to the primary of several, which Sentinel names."""

from typing import Any

import redis
from django.conf import settings
from redis.sentinel import Sentinel, SentinelConnectionPool

from letters.shared.sentinel_urls import ONCE, sentinels_of


def pool_for(url: str, **options: Any) -> redis.ConnectionPool:
    """Return a pool of connections. The options are those of a connection, such as `socket_timeout` in seconds."""
    if not (found := sentinels_of(url)):
        return redis.ConnectionPool.from_url(url, **options)
    timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
    watching = Sentinel(found.hosts, sentinel_kwargs=timeouts | ONCE)  # type: ignore[no-untyped-call]
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        found.service,
        watching,
        db=found.database,
        username=found.username or None,
        password=found.password or None,
        **options,
    )


def client(*, seconds_to_connect: float = 0.5, seconds: float = 0.5) -> "redis.Redis":
    """Return a client of the site's Valkey, for a process to keep. It waits at most `seconds` for an answer."""
    timeouts = {"socket_connect_timeout": seconds_to_connect, "socket_timeout": seconds}
    return redis.Redis(connection_pool=pool_for(settings.VALKEY_URL, **timeouts))
