"""`make run` starts everything, says so, keeps its data, and leaves nothing running; a failure says why."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
import pytest

from petition.embedded import free_port
from tests.stack import open_folder

pytestmark = pytest.mark.xdist_group("stack")

ROOT = Path(__file__).resolve().parent.parent.parent
# An empty variable counts as unset, and hides values in a developer's .env.
UNSET = ["DATABASE_URL", "VALKEY_URL", "EMAIL_URL", "SITE_URL", "SECRET_KEY", "ADDRESS_KEYS", "ADDRESS_HASH_KEY"]


class Run:
    """One `python -m petition.local run`, started as a terminal does: in its own process group."""

    def __init__(self, var: Path, **environ: str) -> None:
        self.var = var
        self.port = int(environ.setdefault("PORT", str(free_port()))) if environ.get("PORT", "1").isdigit() else 0
        self.log = var.with_name(f"{var.name}-{uuid4().hex}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "petition.local", "run"],
                cwd=ROOT,
                env=os.environ | dict.fromkeys(UNSET, "") | {"VAR_DIR": str(var)} | environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_until_ready(self) -> "Run":
        wait_for(lambda: "Undersigned is running" in self.output or self.process.poll() is not None, self)
        assert self.process.poll() is None, self.output
        return self

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def laptop(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.var / "laptop.json").read_text(encoding="utf-8"))
        return found

    def password(self) -> str:
        found = re.search(r"organizer@example\.org, password (\S+)", self.output)
        assert found, self.output
        return found[1]


def wait_for(condition: Callable[[], bool], run: Run, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, run.output
        time.sleep(0.05)


def processes_of(var: Path) -> list[psutil.Process]:
    """Return everything that still runs for this folder, by its environment or its working directory."""
    return [process for process in psutil.process_iter() if _belongs_to(process, var)]


def _belongs_to(process: psutil.Process, var: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        here = Path(process.cwd()).is_relative_to(var) or process.environ().get("VAR_DIR") == str(var)
        return here and bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_server(("127.0.0.1", port)).close()
        return True
    return False


@pytest.fixture
def start(var: Path) -> Iterator[Callable[..., Run]]:
    """Start runs in one folder, and end those that a test forgets."""
    runs: list[Run] = []

    def begin(folder: Path = var, **environ: str) -> Run:
        runs.append(Run(folder, **environ))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.stop()


@pytest.fixture(scope="module")
def var() -> Path:
    """One folder for the whole module, so that PostgreSQL is created once; each test starts and stops runs in it."""
    return open_folder() / "var"


Start = Callable[..., Run]


def test_make_run_starts_says_so_and_leaves_nothing_running(start: Start, var: Path) -> None:
    run = start().wait_until_ready()
    assert f"http://localhost:{run.port}/mailbox/" in run.output
    assert run.password()
    for path in ("/healthz", "/", "/mailbox/", "/admin/login/"):
        assert run.get(path)[0] == 200
    assert run.stop() == 0
    assert "Traceback" not in run.output
    assert processes_of(var) == []
    assert is_free(run.port)


def test_only_their_owner_reads_the_keys_and_the_server_addresses_go_with_the_run(start: Start, var: Path) -> None:
    run = start().wait_until_ready()
    assert run.laptop().keys() >= {"DATABASE_URL", "VALKEY_URL", "SECRET_KEY", "ADDRESS_KEYS", "ADDRESS_HASH_KEY"}
    assert (var / "laptop.json").stat().st_mode & 0o77 == 0
    run.stop()
    assert not {"DATABASE_URL", "VALKEY_URL"} & run.laptop().keys()


def test_a_second_run_keeps_the_data_and_the_keys(start: Start) -> None:
    first = start().wait_until_ready()
    with psycopg.connect(first.laptop()["DATABASE_URL"]) as connection:
        connection.execute("create table if not exists kept as select 42 as answer")
    first.stop()
    second = start().wait_until_ready()
    with psycopg.connect(second.laptop()["DATABASE_URL"]) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    assert second.password() == first.password()
    for key in ("SECRET_KEY", "ADDRESS_KEYS", "ADDRESS_HASH_KEY"):
        assert second.laptop()[key] == first.laptop()[key]


def test_manage_py_finds_the_running_servers_from_a_second_terminal(start: Start, var: Path) -> None:
    start().wait_until_ready()
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}} | dict.fromkeys(UNSET, "")
    answer = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=ROOT,
        env=clean | {"VAR_DIR": str(var)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def test_ctrl_c_ends_everything_too(start: Start, var: Path) -> None:
    run = start().wait_until_ready()
    # A terminal sends it to every process of the group at once.
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.process.wait(60) == 0
    assert "Traceback" not in run.output
    assert processes_of(var) == []


@pytest.mark.parametrize("moment", ["laptop.lock", "postgres/postmaster.pid", "laptop.json", "static/staticfiles.json"])
def test_make_run_can_be_stopped_while_it_is_still_starting(moment: str, start: Start, new_folder: Path) -> None:
    folder = new_folder / "var"
    run = start(folder)
    wait_for((folder / moment).exists, run)
    assert run.stop() == 0
    assert "Traceback" not in run.output
    assert processes_of(folder) == []


def test_the_next_run_ends_processes_left_by_a_crash(start: Start, var: Path) -> None:
    crashed = start().wait_until_ready()
    wait_for(lambda: len(processes_of(var)) > 10, crashed)
    crashed.stop(signal.SIGKILL)
    left = processes_of(var)
    assert any("granian" in " ".join(process.cmdline()) for process in left)
    again = start(PORT=str(crashed.port)).wait_until_ready()
    assert again.get("/healthz")[0] == 200
    assert not {process.pid for process in left} & {process.pid for process in processes_of(var)}
    assert again.stop() == 0
    assert processes_of(var) == []


def test_all_parts_end_if_one_ends_by_itself_and_the_message_says_which(start: Start, var: Path) -> None:
    run = start().wait_until_ready()
    wait_for(lambda: any("worker" in process.cmdline() for process in processes_of(var)), run)
    (worker,) = [process for process in processes_of(var) if "worker" in process.cmdline()]
    worker.kill()
    assert run.process.wait(60) == 1
    assert "its worker has ended by itself" in run.output
    assert processes_of(var) == []


def test_a_second_run_on_the_same_data_is_refused(start: Start) -> None:
    first = start().wait_until_ready()
    assert_one_sentence(start(), "already runs on the data in")
    assert first.get("/healthz")[0] == 200


def test_a_taken_port_is_one_clear_sentence(start: Start, new_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        sentence = f"port {port} is taken. Stop what listens there, or choose another: PORT={port + 1} make run"
        assert_one_sentence(start(new_folder / "var", PORT=str(port)), sentence)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eight", "PORT must be a whole number from 1 to 65535, not 'eight'"),
        ("PORT", "0", "PORT must be a whole number from 1 to 65535, not '0'"),
        ("HOST", "203.0.113.7", "nothing can listen at HOST 203.0.113.7"),
        ("VAR_DIR", __file__, "VAR_DIR must be a folder"),
        ("VAR_DIR", "/dev/null/var", "Not a directory"),
        ("DATABASE_URL", "sqlite:///letters.db", "DATABASE_URL must be an address like postgresql://"),
        ("DATABASE_URL", "postgresql://ada:hunter2@127.0.0.1:1", "DATABASE_URL names no database."),
        ("DATABASE_URL", "postgresql://ada:hunter2@127.0.0.1:1/letters", "no PostgreSQL answers at DATABASE_URL"),
        ("DATABASE_URL", "postgresql://ada:hunter2@nowhere.invalid/letters", "no PostgreSQL answers at DATABASE_URL"),
    ],
)
def test_a_configuration_that_cannot_work_gets_one_sentence(
    name: str, value: str, sentence: str, start: Start, new_folder: Path
) -> None:
    run = start(new_folder / "var", **{name: value})
    assert_one_sentence(run, sentence)
    assert "hunter2" not in run.output


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("VALKEY_URL", "redis://127.0.0.1:1/0", "no Valkey or Redis answers at VALKEY_URL"),
        ("SITE_URL", "letters.example.org", "SITE_URL must look like https://letters.example.org"),
        ("EMAIL_URL", "mail.example.org", "EMAIL_URL must look like smtp://"),
    ],
)
def test_a_later_failure_gets_one_sentence_and_leaves_nothing_running(
    name: str, value: str, sentence: str, start: Start, var: Path
) -> None:
    assert_one_sentence(start(**{name: value}), sentence)
    assert processes_of(var) == []


def test_configured_servers_are_used_instead_of_embedded_ones(start: Start, new_folder: Path) -> None:
    name = f"given_{uuid4().hex}"
    here = os.environ["DATABASE_URL"]
    with psycopg.connect(here, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    given = urlsplit(here)._replace(path=f"/{name}").geturl()
    run = start(new_folder / "var", DATABASE_URL=given, VALKEY_URL=os.environ["VALKEY_URL"]).wait_until_ready()
    with psycopg.connect(given) as connection:
        assert connection.execute("select count(*) > 0 from django_migrations").fetchone() == (True,)
    assert not {"DATABASE_URL", "VALKEY_URL"} & run.laptop().keys()
    assert not (new_folder / "var" / "postgres").exists()
    assert not (new_folder / "var" / "valkey").exists()
    assert run.stop() == 0


def assert_one_sentence(run: Run, sentence: str) -> None:
    assert run.process.wait(60) == 1
    assert run.output.count("\n") == 1
    assert run.output.startswith("Undersigned cannot start: ")
    assert sentence in run.output
