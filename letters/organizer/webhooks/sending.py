"""Send one message to a webhook over HTTP, signed as the Standard Webhooks specification says.

Python's own client is enough: it follows no redirect, and knows no proxy of the environment. Each step has a time
limit, and all steps together have one. Nothing of the answer is read but its status.
"""

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import threading
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException

from letters.organizer.webhooks.targets import DEFAULT_PORTS, NoTarget, Target, find_target

PREFIX = "whsec_"
SECRET_BYTES = 32
# How long one step may take, and all of them together: a server that sends one byte at a time makes many steps.
STEP_SECONDS = 5
MAX_SECONDS = 15
GONE = 410


@dataclass(frozen=True)
class Answer:
    """The status of an answer; or, without one, why there is none."""

    status: int | None = None
    error: str = ""

    @property
    def is_fine(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_of(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def send(url: str, secret: str, *, message_id: str, timestamp: int, body: bytes) -> Answer:
    """Send a message, and return how the other program answered. Raises nothing."""
    signature = signature_of(secret, message_id=message_id, timestamp=timestamp, body=body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Undersigned webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
        "Connection": "close",
    }
    try:
        target = find_target(url)
        return _post(_Connection(target), target.path, body, headers)
    except NoTarget as refused:
        return Answer(error=refused.code)
    except ssl.SSLError:
        return Answer(error="certificate")
    except TimeoutError:
        return Answer(error="timeout")
    except (OSError, HTTPException, ValueError):
        return Answer(error="unreachable")


def _post(connection: "_Connection", path: str, body: bytes, headers: dict[str, str]) -> Answer:
    watch = threading.Timer(MAX_SECONDS, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", path, body, headers)
        answer = Answer(connection.getresponse().status)
    except (OSError, HTTPException, ValueError):
        answer = None
        if not connection.is_cut:
            raise
    finally:
        watch.cancel()
        connection.close()
    # A server that sends one byte at a time may have sent a status before the end of the time.
    if answer is None or connection.is_cut:
        raise TimeoutError
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
