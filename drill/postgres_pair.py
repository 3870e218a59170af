"""A PostgreSQL primary and its synchronous standby, each on its own small disk, and PgBouncer before the primary."""

import os
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from petition.embedded import CannotStart, Postgres, free_port
from tests.rabbit import need
from tests.stack import until

# Small, so that the write-ahead log cannot fill a small disk by itself.
SETTINGS = ["max_connections=150", "max_wal_size=128MB", "min_wal_size=32MB", "unix_socket_permissions=0700"]
DISK = "700m"


class Server(Postgres):
    """One of the two servers. Only root can give it a disk of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.disk = folder if os.getuid() == 0 else None
        if self.disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "none", folder], check=True)
        super().__init__(folder / "data")
        # Not among the data, which the other server copies.
        self.sockets = folder / "sockets"
        self.sockets.mkdir()
        self._let_in(self.sockets)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.sockets), safe='')}&port=5432"

    def run(self) -> None:
        options = ["-h", "", "-p", "5432", "-k", str(self.sockets)]
        options += [part for value in SETTINGS for part in ("-c", value)]
        log = self.folder / "log"
        self._call(
            "pg_ctl", "-D", str(self.folder), "-l", str(log), "-t", "60", "-w", "-o", shlex.join(options), "start"
        )

    def follow(self, primary: "Server") -> None:
        """Become a copy of the primary, and keep following it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        self._let_in(self.folder)
        source = ["-h", str(primary.sockets), "-p", "5432", "-U", "postgres"]
        self._call("pg_basebackup", *source, "-D", str(self.folder), "-R", "-X", "stream", "-c", "fast")
        self.run()

    def promote(self) -> None:
        self._call("pg_ctl", "-D", str(self.folder), "-w", "promote")

    def kill(self) -> None:
        """Kill the server and its children at once."""
        pid = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(pid).children()
            for process in [psutil.Process(pid), *children]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(children, timeout=30)

    def is_running(self) -> bool:
        with suppress(OSError, ValueError):
            pid = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            return self._is_mine(pid)
        return False

    def fill_disk(self) -> None:
        """Write until nothing more fits."""
        assert self.disk
        with suppress(OSError), (self.disk / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(1 << 16))

    def empty_disk(self) -> None:
        assert self.disk
        (self.disk / "ballast").unlink()

    def end(self) -> None:
        with suppress(CannotStart):
            self.stop()
        if self.disk:
            subprocess.run(["umount", "--lazy", self.disk], check=False)


class Pair:
    """`primary` takes all writes, and answers only when `standby` has them too."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = Server(folder / "one"), Server(folder / "two")
        sockets = ",".join(str(server.sockets) for server in (self.primary, self.standby))
        self.url = f"postgresql://postgres@/postgres?host={quote(sockets, safe='')}&port=5432,5432"
        self.url += "&target_session_attrs=read-write"

    def start(self) -> None:
        self.primary.make()
        self.primary.run()
        self.pair()

    def pair(self) -> None:
        self.standby.follow(self.primary)
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask("SELECT pg_reload_conf()")
        until(lambda: self.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))

    def fail_over(self) -> None:
        """Kill the primary. The standby, which has all that was acknowledged, takes its place."""
        self.primary.kill()
        self.primary, self.standby = self.standby, self.primary
        self.primary.promote()
        # It would wait for a standby that it does not have yet.
        self.ask("ALTER SYSTEM RESET synchronous_standby_names")
        self.ask("SELECT pg_reload_conf()")

    def ask(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def end(self) -> None:
        self.primary.end()
        self.standby.end()


class Pooler:
    """PgBouncer in transaction mode, on a port of this machine."""

    def __init__(self, folder: Path, pair: Pair) -> None:
        self.folder, self.pair, self.port = folder, pair, free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        folder.mkdir()
        if account := pair.primary.account:
            os.chown(folder, *account)

    @property
    def command(self) -> list[str]:
        return [need("pgbouncer"), "-q", str(self.folder / "pgbouncer.ini")]

    def point_at_primary(self, running: subprocess.Popen[bytes] | None = None) -> None:
        lines = ["[databases]", f"postgres = host={self.pair.primary.sockets} port=5432 user=postgres", "[pgbouncer]"]
        lines += ["listen_addr = 127.0.0.1", f"listen_port = {self.port}", "unix_socket_dir =", "auth_type = any"]
        lines += ["pool_mode = transaction", "default_pool_size = 30", "max_client_conn = 300"]
        lines += [f"logfile = {self.folder}/log", "server_login_retry = 1", "ignore_startup_parameters = options"]
        (self.folder / "pgbouncer.ini").write_text("\n".join([*lines, ""]), encoding="utf-8")
        if running:
            running.send_signal(signal.SIGHUP)
