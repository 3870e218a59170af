"""`make run` on a laptop: embedded servers, the site, and its worker with the clock in one process tree."""

import errno
import http.client
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from io import StringIO
from pathlib import Path
from secrets import token_urlsafe
from socket import AF_INET, AF_INET6, create_server
from urllib.parse import urlsplit

import django
import psycopg
import redis
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone
from dotenv import load_dotenv

from letters.shared.valkey import pool_for
from petition import environment
from petition.checkup.machine import is_collected
from petition.child_processes import Ledger, Processes, locked_ledger
from petition.embedded import CannotStart, embedded_postgres, embedded_valkey, interruption
from petition.first_steps import write_ledger_key

BASE_DIR = environment.BASE_DIR
QUEUES = "confirmations,publishing,accounts,bulk,exports,webhooks"
ORGANIZER = "organizer@example.org"
READY_SECONDS = 60


def main() -> int:
    commands = {"run": run, "prepare": prepare_for_a_run}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print("Usage: python -m petition.local run", file=sys.stderr)
        return 2
    interruption.listen()
    try:
        commands[sys.argv[1]]()
    except KeyboardInterrupt:
        if sys.argv[1] == "run":
            say("Undersigned has stopped. Your data is kept.")
    except CannotStart as error:
        environment.refuse(str(error))
    except OSError as error:
        environment.refuse(f"{error.strerror or error}: {error.filename}." if error.filename else f"{error}.")
    return 0


def run() -> None:
    """Start everything, print the banner, and run until someone stops it or a process ends."""
    os.environ.update(LAPTOP="1", DJANGO_SETTINGS_MODULE="petition.settings")
    load_dotenv(environment.HOME_DIR / ".env")
    port = environment.whole("PORT", 8000, least=1, most=65535)
    host = environment.text("HOST", "127.0.0.1")
    var = environment.folder("VAR_DIR", environment.HOME_DIR / "var")
    refuse_borrowed_root(var)
    os.environ["VAR_DIR"] = str(var)
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        ledger = stack.enter_context(locked_ledger(var))
        refuse_taken_port(host, port)
        laptop = Laptop(var / "laptop.json")
        stack.callback(laptop.forget_addresses)
        laptop.write(**servers(var, ledger, stack))
        processes = Processes(ledger)
        stack.callback(processes.end)
        processes.finish("preparation", [sys.executable, "-m", "petition.local", "prepare"])
        laptop.read_again()
        # The web server first: with two cores and everything at once, the first page would appear a second later.
        processes.start("web server", web_server(host, port))
        wait_until_ready(processes, host, port)
        # Security: after the web server, which must not have it.
        os.environ["LEDGER_KEY_FILE"] = str(ledger_key(var / "ledger.key"))
        processes.start("worker", one_worker())
        say(banner(laptop))
        while True:
            processes.refuse_ended()
            time.sleep(0.5)


def say(text: str) -> None:
    print(text, flush=True)


# What a run needs


class Laptop:
    """`laptop.json`: the keys of this laptop and, while it runs, the addresses of its servers. The settings read it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.keys = {
            "SECRET_KEY": token_urlsafe(48),
            "ADDRESS_KEYS": Fernet.generate_key().decode(),
            "ADDRESS_HASH_KEY": token_urlsafe(48),
            **self._kept(),
        }

    def write(self, **addresses: str) -> None:
        """Replace the file atomically: it holds the only copy of the keys."""
        with tempfile.NamedTemporaryFile("w", dir=self.file.parent, prefix=".laptop-", delete=False) as new:
            json.dump({**self.keys, **addresses}, new, indent=2)
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).replace(self.file)

    def forget_addresses(self) -> None:
        self.read_again()
        self.write()

    def read_again(self) -> None:
        """Learn what a child has added, such as the password of the organizer."""
        self.keys |= self._kept()

    def addresses(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.file.read_text(encoding="utf-8"))
        return {name: value for name, value in found.items() if name.endswith("_URL")}

    def _kept(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            raise CannotStart(f"{self.file} is damaged. It holds the keys of the data beside it.") from None
        return {name: value for name, value in found.items() if not name.endswith("_URL")}


def ledger_key(file: Path) -> Path:
    """Write a key that signs the logs, unless there is one."""
    if not file.exists():
        write_ledger_key(file)
    return file


def refuse_borrowed_root(var: Path) -> None:
    """Refuse sudo: everything would belong to root, and the owner of the folder could not start it again."""
    there = next(path for path in [var, *var.parents] if path.exists())
    owner = there.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        raise CannotStart(f"{there} belongs to user {owner}, and you are root. Start it as that user, without sudo.")


def refuse_taken_port(host: str, port: int) -> None:
    try:
        create_server((host, port), family=AF_INET6 if ":" in host else AF_INET).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = f"PORT={port % 65535 + 1} make run"
            raise CannotStart(f"port {port} is taken. Stop what listens there, or choose another: {other}") from None
        reason = str(error.strerror).partition(" (")[0]
        raise CannotStart(f"nothing can listen at HOST {host}, PORT {port} ({reason}).") from None


def servers(var: Path, ledger: Ledger, stack: ExitStack) -> dict[str, str]:
    """Start the embedded servers, or check the servers that the settings name. Return their addresses."""
    addresses = {}
    if environment.database_url("DATABASE_URL", ""):
        refuse_silent_database(environment.text("DATABASE_URL"))
    else:
        addresses["DATABASE_URL"] = stack.enter_context(embedded_postgres(var / "postgres"))
    if url := environment.valkey_url("VALKEY_URL", ""):
        refuse_silent_valkey(url)
    else:
        addresses["VALKEY_URL"] = url = stack.enter_context(embedded_valkey(var / "valkey"))
        ledger.note(redis.Redis.from_url(url).info("server")["process_id"])
    return addresses


def refuse_silent_database(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise CannotStart(f"no PostgreSQL answers at DATABASE_URL ({_first_line(error)}).") from None
    if version < 15:
        raise CannotStart(f"the PostgreSQL at DATABASE_URL is version {version}, and Undersigned needs 15 or newer.")


def refuse_silent_valkey(url: str) -> None:
    try:
        with redis.Redis(connection_pool=pool_for(url, socket_connect_timeout=3, socket_timeout=3)) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(f"no Valkey or Redis answers at VALKEY_URL ({_first_line(error)}).") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".: ")


def prepare_for_a_run() -> None:
    """Prepare in a process that ends, so that the one that waits for Ctrl-C does not keep 100 MB."""
    laptop = Laptop(Path(os.environ["VAR_DIR"]) / "laptop.json")
    addresses = laptop.addresses()
    try:
        prepare(laptop)
    finally:
        laptop.write(**addresses)


def prepare(laptop: Laptop) -> None:
    """Create the tables, the sample letter, an account and the static files."""
    django.setup()
    from letters.base.keyring.operations import WrongKeys, know_keys  # noqa: PLC0415 -- needs the models

    try:
        call_command("migrate", verbosity=0, interactive=False)
        know_keys(now=timezone.now())
        make_organizer(laptop)
        call_command("load_sample", stdout=StringIO())
    except WrongKeys as wrong:
        raise CannotStart(str(wrong)) from None
    except (DatabaseError, CommandError) as error:
        raise CannotStart(f"the database cannot be prepared ({_first_line(error)}).") from None
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined] # the stubs do not know it yet
    collect_static()


def collect_static() -> None:
    """Copy and compress the static files, unless none has changed."""
    if not is_collected():
        # Deadlock: WhiteNoise compresses in threads. An interruption while one of them holds a lock leaves it locked.
        with interruption.held_back():
            call_command("collectstatic", verbosity=0, interactive=False)


def make_organizer(laptop: Laptop) -> None:
    """Create the organizer's account.

    Its password is stored beside the data, for the banner. Existing accounts stay unchanged.
    """
    users = get_user_model().objects
    if users.filter(email=ORGANIZER).exists():
        return
    password = laptop.keys.setdefault("ORGANIZER_PASSWORD", token_urlsafe(9))
    users.create_superuser(email=ORGANIZER, password=password)


# The processes


def web_server(host: str, port: int) -> list[str]:
    return [
        *[sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)],
        *["--workers", "2", "--blocking-threads", "2", "--no-access-log", "--log-level", "warning"],
        # A worker that is told to stop while it is loading would not notice.
        *["--workers-kill-timeout", "3"],
        "petition.wsgi:application",
    ]


def one_worker() -> list[str]:
    """Return the command of the worker for all queues, with the clock in it."""
    return [sys.executable, "-m", "petition", "worker"]


def worker(queues: str = QUEUES) -> list[str]:
    """Return the command of a worker for these queues, with two processes and without the clock."""
    return [*one_worker(), "--queues", queues, "--concurrency", "2"]


def clock(var: Path) -> list[str]:
    return [sys.executable, "-m", "petition", "beat", "--schedule", str(var / "beat-schedule")]


def wait_until_ready(processes: Processes, host: str, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready(host, port):
        processes.refuse_ended()
        if time.monotonic() > deadline:
            raise CannotStart(f"the web server has not answered for {READY_SECONDS} seconds.")
        time.sleep(0.05)


def is_ready(host: str, port: int) -> bool:
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- asks there, does not listen
    connection = http.client.HTTPConnection(here, port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz", headers={"Host": urlsplit(settings.SITE_URL).netloc})
        return connection.getresponse().status == 200
    return False


def banner(laptop: Laptop) -> str:
    site = settings.SITE_URL
    password = laptop.keys.get("ORGANIZER_PASSWORD")
    lines = [
        "",
        "  Undersigned is running.",
        "",
        f"    Site               {site}/",
        f"    Test mailbox       {site}/mailbox/" if settings.MAILBOX_DIR else "",
        f"    Organizer sign-in  {site}/organize/",
        f"                       {ORGANIZER}, password {password}" if password else "",
        f"    Admin              {site}/admin/",
        "    Stop               Ctrl-C",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
