"""Connect to servers of other people, and never to this machine, its network, or the metadata service of a cloud.

Security: the name in an address is resolved once, every address of it is checked, and the connection goes to the
checked address: a name cannot change in between.

Python's own client is enough: it follows no redirect, and knows no proxy of the environment. Each step has a time
limit, and all steps together have one.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

DEFAULT_PORTS = {"https": 443, "http": 80}
# Only these addresses of IPv6 can be on the public internet.
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# Addresses in it that are not, or that stand for an address of IPv4: IETF protocols (Teredo too), documentation, 6to4.
NOT_GLOBAL_IPV6 = [ipaddress.IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
# Special addresses that Python's `is_global` may count as public: IETF protocols and relays of 6to4.
NOT_GLOBAL_IPV4 = [ipaddress.IPv4Network(each) for each in ("192.0.0.0/24", "192.88.99.0/24")]
# How long one step may take, and all of them together: a server that sends one byte at a time makes many steps.
STEP_SECONDS = 5
MAX_SECONDS = 15


class NoTarget(Exception):
    """There is no server to which we may connect. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unanswered(Exception):
    """A server gave no answer. `code` says why: as in NoTarget, or "certificate", "timeout", "unreachable"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Target:
    """A server, with the address that was checked."""

    scheme: str
    # The name in the certificate and in the header Host.
    host: str
    port: int
    address: str
    # Path and query.
    path: str


@dataclass(frozen=True)
class Reply:
    """What a server answered: the status, and the beginning of the body."""

    status: int
    body: bytes = b""


def is_public(text: str) -> bool:
    """Return whether an address is on the public internet."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address in GLOBAL_IPV6 and not any(address in network for network in NOT_GLOBAL_IPV6)
    is_special = address.is_multicast or any(address in network for network in NOT_GLOBAL_IPV4)
    return address.is_global and not is_special


def resolve(url: str, may_connect_to: Callable[[str], bool] = is_public) -> Target:
    """Resolve the name in an address, once. Raises NoTarget("unresolved" or "not_public")."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", port_of(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as failure:
        raise NoTarget("unresolved") from failure
    addresses = [str(each[4][0]) for each in found]
    # One address that is not allowed is enough: whoever answers for this name may mean it.
    if not addresses or not all(map(may_connect_to, addresses)):
        raise NoTarget("not_public")
    return Target(parts.scheme, host, port, addresses[0], path)


def port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def post(find: Callable[[], Target], body: bytes, headers: dict[str, str], *, most: int = 0) -> Reply:
    """Find a server, send a body, and return the answer with at most `most` bytes. Raises Unanswered and nothing else.

    An answer that is longer counts as none ("too_long"), if any of it is wanted.
    """
    return _answer(find, "POST", body, headers, most)


def get(find: Callable[[], Target], headers: dict[str, str], *, most: int) -> Reply:
    """Find a server, ask for something, and return the answer with at most `most` bytes. Raises as `post`."""
    return _answer(find, "GET", None, headers, most)


def _answer(find: Callable[[], Target], method: str, body: bytes | None, headers: dict[str, str], most: int) -> Reply:
    try:
        target = find()
        return _ask(_Connection(target), method, body, {**headers, "Connection": "close"}, most)
    except NoTarget as refused:
        raise Unanswered(refused.code) from refused
    except ssl.SSLError as failure:
        raise Unanswered("certificate") from failure
    except TimeoutError as failure:
        raise Unanswered("timeout") from failure
    except (OSError, HTTPException, ValueError) as failure:
        raise Unanswered("unreachable") from failure


def _ask(connection: "_Connection", method: str, body: bytes | None, headers: dict[str, str], most: int) -> Reply:
    watch = threading.Timer(MAX_SECONDS, connection.cut)
    watch.daemon = True
    watch.start()
    answer = None
    try:
        connection.request(method, connection.target.path, body, headers)
        response = connection.getresponse()
        answer = Reply(response.status, response.read(most + 1) if most else b"")
    except (OSError, HTTPException, ValueError):
        if not connection.is_cut:
            raise
    finally:
        watch.cancel()
        connection.close()
    # A server that sends one byte at a time may have sent a status before the end of the time.
    if answer is None or connection.is_cut:
        raise TimeoutError
    if len(answer.body) > most:
        raise Unanswered("too_long")
    return answer


class _Connection(HTTPConnection):
    """A connection to the address that was checked, under the name in the URL."""

    def __init__(self, target: Target) -> None:
        self.default_port = DEFAULT_PORTS[target.scheme]  # so that the header Host has no needless port
        super().__init__(target.host, target.port, timeout=STEP_SECONDS)
        self.target = target
        self.is_cut = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self.target.address, self.target.port), STEP_SECONDS)
        if self.target.scheme == "https":
            # The handshake comes after the assignment, so that `cut` can end it.
            self.sock = tls_context().wrap_socket(
                self.sock, server_hostname=self.target.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        """End the connection from another thread, whatever it waits for."""
        self.is_cut = True
        if self.sock is not None:
            # Not SSLSocket's own, which another thread must not call while this one reads.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


@cache
def tls_context() -> ssl.SSLContext:
    """Return the rules for certificates: those of the system."""
    return ssl.create_default_context()
