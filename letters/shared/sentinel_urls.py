"""Read the address of a Valkey that Sentinel watches.

`redis+sentinel://user:password@host:26379,host:26379/service/0` names the Sentinels, the service that they watch, and
the number of the database. The user and the password are those of the service. Sentinels are asked without a password,
and everything without TLS: use a private network.
"""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from redis.backoff import NoBackoff
from redis.retry import Retry

SENTINEL_SCHEME = "redis+sentinel"
SENTINEL_PORT = 26379
# An option of connections to Sentinels. Without it, the library asks each one that has ended four times, with pauses of
# seconds, and a signer waits.
ONCE = {"retry": Retry(NoBackoff(), 0)}


@dataclass(frozen=True)
class Sentinels:
    """The Sentinels (hosts and ports), the service that they watch, and how to sign in to it."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    database: int
    username: str
    password: str


def sentinels_of(url: str) -> Sentinels | None:
    """Return the Sentinels of an address; None for the address of one server. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != SENTINEL_SCHEME:
        return None
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    found = [urlsplit(f"//{host}") for host in hosts.split(",")]
    if not service or not all(host.hostname for host in found):
        raise ValueError("no service or no host")
    return Sentinels(
        hosts=tuple((str(host.hostname), host.port or SENTINEL_PORT) for host in found),
        service=unquote(service),
        database=int(database or 0),
        username=unquote(username),
        password=unquote(password),
    )
