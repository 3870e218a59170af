"""A load generator: HTTP/1.1 with persistent connections, one request at a time on each, and every answer checked.

One thread is enough, and more would only take cores from the server: `Volley.busy` is the share of time in which the
generator itself worked. Near 1, the generator is what is measured.
"""

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

HOST = "127.0.0.1"
CONNECTIONS = 32
PATIENCE_SECONDS = 20
MAX_FAILURES = 100
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass
class Volley:
    """The result.

    `answered` counts correct answers within `seconds`; `taken` also counts those that came just after.
    """

    answered: int = 0
    taken: int = 0
    seconds: float = 0.0
    busy: float = 0.0
    # Processor seconds of servers and database; the caller of fire() knows their processes.
    cpu: float = 0.0
    # The size of the last correct answer, head and body.
    size: int = 0
    # How often each other answer came.
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.taken if self.taken else 0.0


class Client:
    """A connection, and the answer received so far."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Reads happen only when data is available; a timeout would cost a system call each time.
        self.socket.setblocking(True)
        self.received = b""

    def read(self) -> tuple[int, int] | None:
        """Return status and size once the answer is complete. Raises ConnectionError if it cannot be."""
        arrived = self.socket.recv(262_144)
        if not arrived:
            raise ConnectionError
        self.received += arrived
        size = self._size()
        if size is None or len(self.received) < size:
            return None
        status = int(self.received[9:12])
        self.received = b""
        return status, size

    def _size(self) -> int | None:
        """Return the length of the answer, head and body; None while it is unknown."""
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return None
        if length := LENGTH.search(self.received, 0, head):
            return head + 4 + int(length[1])
        if CHUNKED.search(self.received, 0, head):
            return len(self.received) if self.received.endswith(LAST_CHUNK) else None
        raise ConnectionError


def fire(port: int, requests: Iterator[bytes], *, expect: int, seconds: float) -> Volley:
    """Send `requests` until time is up or there are no more, then wait for the last answers."""
    volley = Volley()
    with selectors.DefaultSelector() as selector:
        clients = [Client(port) for _ in range(CONNECTIONS)]
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        try:
            _exchange(selector, requests, expect, seconds, volley)
        finally:
            for client in clients:
                client.socket.close()
    return volley


def _exchange(
    selector: selectors.BaseSelector, requests: Iterator[bytes], expect: int, seconds: float, volley: Volley
) -> None:
    begun, worked = time.perf_counter(), time.process_time()
    deadline = begun + seconds
    waiting = sum(_send(key.data, requests, volley) for key in list(selector.get_map().values()))
    while waiting and volley.failures.total() < MAX_FAILURES:
        ready = selector.select(PATIENCE_SECONDS)
        if not ready:
            volley.failures["no answer"] += waiting
            break
        now = time.perf_counter()
        for key, _ in ready:
            answered = _take(key.data, expect, now < deadline, volley)
            if answered is None:
                continue
            waiting -= 1
            if not answered:
                selector.unregister(key.fileobj)
            elif now < deadline:
                waiting += _send(key.data, requests, volley)
    volley.seconds = min(time.perf_counter() - begun, seconds)
    volley.busy = (time.process_time() - worked) / (time.perf_counter() - begun)


def _send(client: Client, requests: Iterator[bytes], volley: Volley) -> bool:
    """Send the next request. Returns whether there was one."""
    request = next(requests, None)
    if request is None:
        return False
    try:
        client.socket.sendall(request)
    except OSError:
        volley.failures["broken connection"] += 1
        return False
    return True


def _take(client: Client, expect: int, in_time: bool, volley: Volley) -> bool | None:
    """Count an answer.

    Returns True if the connection can be used again, False if it is broken, None if more data must come.
    """
    try:
        answer = client.read()
    except (OSError, ValueError):
        volley.failures["broken answer"] += 1
        return False
    if answer is None:
        return None
    status, size = answer
    if status == expect:
        volley.answered += in_time
        volley.taken += 1
        volley.size = size
    else:
        volley.failures[f"status {status}"] += 1
    return True
