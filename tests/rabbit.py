"""A RabbitMQ for one test that can stop and restart, with its own port, data, log, cookie and port mapper."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from petition.embedded import free_port
from tests.stack import open_folder, until

# Not the wrapper on the PATH, which would change to another user.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def need(program: str) -> str:
    """Return the path of a program that is not a Python package. Developers may be without it; CI may not."""
    found = str(SERVER) if program == "rabbitmq-server" and SERVER.exists() else shutil.which(program)
    if not found:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed: see .ci/run.")
        pytest.skip(f"{program} is not installed here (Debian, Ubuntu: apt install {program}).")
    return found


class Rabbit:
    """Keeps its queues while it is stopped, as a server does."""

    def __init__(self, folder: Path) -> None:
        self.program = need("rabbitmq-server")
        self.folder = folder
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        home = folder / "home"
        home.mkdir(parents=True)
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none-env"),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [self.program], env=self.environ, stdout=output, stderr=output, start_new_session=True
            )
        until(self._answers, 120)

    def stop(self) -> None:
        if self.process:
            self._end(SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self._end(SIGKILL)
            self.process.wait()
            self.process = None

    def forget(self) -> None:
        """Stop it for good, together with its port mapper."""
        self.stop()
        if mapper := shutil.which("epmd"):
            subprocess.run([mapper, "-kill"], env=self.environ, capture_output=True, timeout=30, check=False)

    def _end(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid if self.process else 0, number)

    def _answers(self) -> bool:
        """Return whether the broker answers after the client has named its protocol."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
            client.sendall(b"AMQP\x00\x00\x09\x01")
            return bool(client.recv(1))
        return False


@pytest.fixture
def rabbit() -> Iterator[Rabbit]:
    rabbit = Rabbit(open_folder())
    try:
        rabbit.start()
        yield rabbit
    finally:
        rabbit.forget()
