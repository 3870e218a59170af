"""HTTP for a witness. A proxy in front of it speaks HTTPS.

Abuse: anyone can call it. So a body has a largest size, a silent client is cut off, and only so many are served at
once.
"""

import re
import sqlite3
import sys
import threading
import time
from contextlib import closing, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket

from undersigned_witness.deciding import Answer, add_checkpoint
from undersigned_witness.storage import Storage

# 32 signatures of the largest kind, the proof, and the text.
MAX_BODY_BYTES = 128 * 1024
MAX_AT_ONCE = 32
SILENT_SECONDS = 10
# A client that sends one byte at a time is not silent.
MAX_SECONDS = 30
# As the library says it: the second form is of datagrams, which this server does not get.
Request = socket | tuple[bytes, socket]
CHECKPOINT_PATH = re.compile(r"/([0-9a-f]{64})/checkpoint")


class Handler(BaseHTTPRequestHandler):
    """Answers `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    server_version = "undersigned-witness"
    sys_version = ""
    timeout = SILENT_SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length):
            self._answer(Answer(HTTPStatus.LENGTH_REQUIRED, "say the Content-Length\n"), is_last=True)
        elif int(length) > MAX_BODY_BYTES:
            self._answer(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large\n"), is_last=True)
        elif self.path != "/add-checkpoint":
            self._answer(Answer(HTTPStatus.NOT_FOUND, "there is no such address\n"), is_last=True)
        else:
            self._add(self.rfile.read(int(length)), int(length))

    def _add(self, body: bytes, length: int) -> None:
        if len(body) < length:
            self.close_connection = True
            return
        with closing(Storage(self.server.folder)) as storage:
            try:
                answer = add_checkpoint(storage, body, int(time.time()))
            except sqlite3.Error as failure:
                # Durability: what may not be on the disk is not promised.
                sys.stderr.write(f"error: {failure!a}\n")
                answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "this witness cannot store what it sees\n")
        self._answer(answer)

    def do_GET(self) -> None:
        found = CHECKPOINT_PATH.fullmatch(self.path)
        with closing(Storage(self.server.folder)) as storage:
            seen = storage.seen_by_hash(found[1]) if found else None
        if seen is None:
            self._answer(Answer(HTTPStatus.NOT_FOUND, "this witness has cosigned no such log\n"))
        else:
            self._answer(Answer(HTTPStatus.OK, seen.note))

    def _answer(self, answer: Answer, *, is_last: bool = False) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if is_last:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 -- the library's name
        """Write one line for each request. Privacy: without the address of the client."""
        sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {ascii(format % values)[1:-1]}\n")


class Server(ThreadingHTTPServer):
    """Serves so many connections at once, each for so long."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], folder: Path) -> None:
        super().__init__(address, Handler)
        self.folder = folder
        self.free = threading.BoundedSemaphore(MAX_AT_ONCE)

    def process_request_thread(self, request: Request, client_address: object) -> None:
        """Serve one connection, and cut it off at the end of its time."""
        watch = threading.Timer(MAX_SECONDS, _cut, [request])
        watch.daemon = True
        watch.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            watch.cancel()
            self.free.release()

    def process_request(self, request: Request, client_address: object) -> None:
        """Begin a connection when there is room. Until then, the queue of the operating system holds it."""
        self.free.acquire()
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Note what went wrong, without an address. A client that went away is nothing to note."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            sys.stderr.write(f"error: {error!a}\n")


def _cut(request: Request) -> None:
    with suppress(OSError):
        if isinstance(request, socket):
            request.shutdown(SHUT_RDWR)
