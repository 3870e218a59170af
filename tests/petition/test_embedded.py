"""The embedded servers start in any folder, keep their data, and leave nothing behind."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from petition.embedded import CannotStart, Interruption, embedded_postgres, embedded_valkey
from tests.stack import open_folder

pytestmark = pytest.mark.xdist_group("embedded")


def answer(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        (found,) = connection.execute(question.encode()).fetchone() or (None,)
        return found


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]))


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module")
def folder() -> Path:
    return open_folder() / "postgres"


def test_postgres_keeps_committed_data_over_a_restart(folder: Path) -> None:
    with embedded_postgres(folder, fast=True) as url, psycopg.connect(url) as connection:
        connection.execute("create table kept as select 42 as answer")
    with embedded_postgres(folder, fast=True) as url:
        assert answer(url, "select answer from kept") == 42
        server = postmaster(folder)
    assert has_ended(server)
    assert not (folder / "postmaster.pid").exists()


def test_postgres_survives_a_power_failure_unless_it_may_be_fast(folder: Path) -> None:
    with embedded_postgres(folder) as url:
        assert answer(url, "show fsync") == "on"
    with embedded_postgres(folder, fast=True) as url:
        assert answer(url, "show fsync") == "off"


def test_postgres_sorts_and_capitalizes_the_same_everywhere(folder: Path) -> None:
    with embedded_postgres(folder, fast=True) as url:
        assert answer(url, "select upper('éšя')") == "ÉŠЯ"


def test_a_postgres_that_was_left_running_is_replaced(folder: Path) -> None:
    with embedded_postgres(folder, fast=True):
        left = postmaster(folder)
        with embedded_postgres(folder, fast=True) as url:
            assert answer(url, "select 1") == 1
            assert has_ended(left)


def test_a_postgres_that_was_killed_starts_again(folder: Path) -> None:
    with embedded_postgres(folder, fast=True):
        killed = postmaster(folder)
        helpers = killed.children()
        killed.send_signal(signal.SIGKILL)
        psutil.wait_procs(helpers, timeout=10)
        with embedded_postgres(folder, fast=True) as url:
            assert answer(url, "select 1") == 1


def test_a_reused_process_id_of_an_old_postgres_is_not_killed(folder: Path) -> None:
    with embedded_postgres(folder, fast=True):
        pass
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n1\n5432\n{folder}\n", encoding="utf-8")
    with embedded_postgres(folder, fast=True) as url:
        assert answer(url, "select 1") == 1


def test_a_path_may_be_long_and_have_spaces_and_languages_may_be_missing(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("PGPORT", "1")
    folder = new_folder / "my letters' & more" / ("long " * 30)
    folder.mkdir(parents=True)
    with embedded_postgres(folder / "postgres", fast=True) as url, embedded_valkey(folder / "valkey") as valkey_url:
        assert answer(url, "select 1") == 1
        assert ping(valkey_url)
        sockets = Path(str(answer(url, "show unix_socket_directories")))
    assert not sockets.exists()


def test_a_postgres_that_cannot_start_says_why(new_folder: Path) -> None:
    folder = new_folder / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n", encoding="utf-8")
    with (
        pytest.raises(CannotStart, match=r"gave up: could not open file .*/global/pg_control"),
        embedded_postgres(folder),
    ):
        pytest.fail("It started on an empty folder.")


def test_valkey_stops_when_asked(new_folder: Path) -> None:
    with embedded_valkey(new_folder / "valkey") as url:
        assert ping(url)
    with pytest.raises(redis.ConnectionError):
        ping(url)


def test_ctrl_c_in_the_terminal_does_not_reach_valkey(new_folder: Path) -> None:
    with embedded_valkey(new_folder / "valkey") as url:
        with redis.Redis.from_url(url) as client:
            server = psutil.Process(client.info("server")["process_id"])
        server.send_signal(signal.SIGINT)
        assert ping(url)


def ping(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


def test_an_interruption_that_python_swallows_is_repeated() -> None:
    interruption = Interruption()
    interruption.insist()
    with suppress(KeyboardInterrupt):  # An object's finalizer does the same.
        interruption._arrive()
    with pytest.raises(KeyboardInterrupt):
        interruption.insist()
